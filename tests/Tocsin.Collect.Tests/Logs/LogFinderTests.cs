using Tocsin.Collect.Logs;

namespace Tocsin.Collect.Tests.Logs;

public sealed class LogFinderTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_missing_file_is_refused_and_the_nearest_name_is_given()
    {
        folder.Write("app.log", "x");
        var source = Assert.Single(LogFinder.Find([folder["ap.log"]]));
        Assert.Equal($"there is no such file or folder; did you mean {folder["app.log"]}?", source.Refusal);
        Assert.True(source.IsMissing);
    }

    [Fact]
    public void A_dangling_link_says_what_it_points_to()
    {
        File.CreateSymbolicLink(folder["current.log"], folder["gone.log"]);
        Assert.Equal($"there is no such file or folder: it is a link to {folder["gone.log"]}", Assert.Single(LogFinder.Find([folder["current.log"]])).Refusal);
    }

    [Fact]
    public void A_folder_gives_its_files_at_any_depth_without_pictures_and_hidden_ones()
    {
        foreach (var name in (string[])["b.log", "a", "inner/c.gz", "picture.png", ".hidden", ".git/config"]) folder.Write(name, "x");
        Assert.Equal([folder["a"], folder["b.log"], folder["inner/c.gz"]], Paths(folder.Path));
    }

    [Fact]
    public void A_folder_without_logs_is_refused()
    {
        folder.Write("logo.png", "x");
        Assert.StartsWith("the folder holds no log", Assert.Single(LogFinder.Find([folder.Path])).Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loop_of_links_ends()
    {
        folder.Write("a/app.log", "x");
        Directory.CreateSymbolicLink(folder["a/up"], folder.Path);
        File.CreateSymbolicLink(folder["a/self"], folder["a/self"]);
        Assert.Equal([folder["a/app.log"], folder["a/self"]], Paths(folder.Path));
        Assert.Equal([folder["a/app.log"]], Paths(folder["**/*.log"]));
    }

    [Fact]
    public void A_file_with_a_link_beside_it_is_read_once_under_its_own_name()
    {
        folder.Write("app-2.log", "x");
        File.CreateSymbolicLink(folder["a-current.log"], folder["app-2.log"]);
        Assert.Equal([folder["app-2.log"]], Paths(folder.Path));
    }

    [Fact]
    public void What_is_named_twice_is_read_once()
    {
        folder.Write("app.log", "x");
        Assert.Single(LogFinder.Find([folder["app.log"], folder["app.log"], folder["*.log"]]));
    }

    [Theory]
    [InlineData("*.log", "app.log")]
    [InlineData("ap?.log", "app.log")]
    [InlineData("*/*.log", "a/x.log", "b/x.log")]
    [InlineData("?/x.log", "a/x.log", "b/x.log")]
    [InlineData("**/x.log", "a/deep/er/x.log", "a/x.log", "b/x.log")]
    [InlineData("a/**/*.log", "a/deep/er/x.log", "a/x.log")]
    [InlineData("**/er/*.log", "a/deep/er/x.log")]
    [InlineData("**/deep/**/x.*", "a/deep/er/x.log")]
    [InlineData("b/**", "b/x.log", "b/y.txt")]
    [InlineData(".*.log", ".secret.log")]
    public void A_glob_matches_as_in_a_shell(string glob, params string[] expected)
    {
        foreach (var name in (string[])["app.log", "a/x.log", "a/deep/er/x.log", "b/x.log", "b/y.txt", ".secret.log", ".cache/x.log"]) folder.Write(name, "x");
        Assert.Equal(expected.Select(e => folder[e]), Paths(folder[glob]));
    }

    [Fact]
    public void A_glob_that_matches_nothing_is_refused() => Assert.Equal("no file matches", Assert.Single(LogFinder.Find([folder["*.log"]])).Refusal);

    private static IEnumerable<string> Paths(string argument) => LogFinder.Find([argument]).Select(s => s.Path);
}
