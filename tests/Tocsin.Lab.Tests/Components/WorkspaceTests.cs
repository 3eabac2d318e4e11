using Tocsin.Lab.Components;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Tests.Components;

public sealed class WorkspaceTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("tw-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_folder_without_a_package_file_needs_nothing()
    {
        Assert.Empty(Workspace.Missing(folder));
        Workspace.Require(folder);
    }

    [Fact]
    public void Without_the_locked_versions_both_commands_are_missing_and_the_refusal_names_them()
    {
        Lay(locked: "1.0.1", there: "1.0.0");
        Assert.Equal(["npm ci", "npm run build"], Workspace.Missing(folder));
        var refused = Assert.Throws<LabException>(() => Workspace.Require(folder));
        Assert.Contains("npm ci && npm run build, or tocsin lab up --full --install", refused.Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(folder, "node_modules", ".package-lock.json"));
        Assert.Equal(["npm ci", "npm run build"], Workspace.Missing(folder));
    }

    [Fact]
    public void A_source_that_is_newer_than_what_was_built_is_built_again()
    {
        Lay(locked: "1.0.0", there: "1.0.0");
        Assert.Equal(["npm run build"], Workspace.Missing(folder));
        var built = Put("one/dist/main.js", "");
        Assert.Empty(Workspace.Missing(folder));
        File.SetLastWriteTimeUtc(built, File.GetLastWriteTimeUtc(Path.Combine(folder, "one/src/main.ts")).AddMinutes(-1));
        Assert.Equal(["npm run build"], Workspace.Missing(folder));
    }

    [Fact]
    public async Task An_installation_that_fails_says_what_npm_said()
    {
        Put("package.json", """{"name":"broken","workspaces":[]}""");
        var failed = await Assert.ThrowsAsync<LabException>(() => Workspace.InstallAsync(folder, folder, TestContext.Current.CancellationToken));
        Assert.StartsWith($"npm ci in {folder} failed: ", failed.Message, StringComparison.Ordinal);
    }

    private void Lay(string locked, string there)
    {
        Put("package.json", """{"workspaces":["one","two"]}""");
        Put("one/package.json", """{"scripts":{"build":"tsc"}}""");
        Put("two/package.json", "{}");
        Put("one/src/main.ts", "");
        Put("package-lock.json", """{"packages":{"":{},"node_modules/one":{"link":true},"node_modules/a":{"version":"A"},"node_modules/other-system":{"version":"1.0.0","optional":true}}}""".Replace("A", locked, StringComparison.Ordinal));
        Put("node_modules/.package-lock.json", """{"packages":{"node_modules/a":{"version":"A"}}}""".Replace("A", there, StringComparison.Ordinal));
    }

    private string Put(string name, string text)
    {
        var file = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }
}
