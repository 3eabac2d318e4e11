using System.Collections.Concurrent;
using Tocsin.Collect.Logs;

namespace Tocsin.Collect.Tests.Logs;

public sealed class LogTailTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private readonly TempFolder folder = new();
    private readonly CancellationTokenSource stop = new();
    private readonly BlockingCollection<string> told = [];
    private readonly List<string> passed = [];
    private Thread? follower;

    public void Dispose()
    {
        stop.Cancel();
        follower?.Join(Deadline);
        stop.Dispose();
        told.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void What_is_there_and_what_comes_is_found()
    {
        var file = folder.Write("app.log", $"{Some.Error} 1\n");
        Follow(file);
        Await("app.log:1 1");
        File.AppendAllText(file, $"well\n{Some.Error} 2\n");
        Await("app.log:3 2");
    }

    [Fact]
    public void A_line_that_comes_in_two_pieces_is_one()
    {
        var file = folder.Write("app.log", "well\nthe disk");
        Follow(file, folder.Write("other.log", Some.Error + " 1\n"));
        Await("other.log:1 1");
        File.AppendAllText(file, " is full 2\n");
        Await("app.log:2 2");
    }

    [Fact]
    public void A_file_that_is_renamed_away_and_made_anew_goes_on()
    {
        var file = folder.Write("app.log", $"well\n{Some.Error} 1\n");
        Follow(file);
        Await("app.log:2 1");
        File.AppendAllText(file, $"{Some.Error} 2\n");
        File.Move(file, folder["app.log.1"]);
        File.AppendAllText(folder["app.log.1"], $"{Some.Error} 3\n");
        folder.Write("app.log", $"{Some.Error} 4\n");
        Await("app.log:3 2");
        Await("app.log:4 3");
        Await("was rotated; reading the new file");
        Await("app.log:1 4");
    }

    [Fact]
    public void A_file_that_is_cut_is_read_from_its_start()
    {
        var file = folder.Write("app.log", $"{Some.Error} 1\nand more of it\n");
        Follow(file);
        Await("app.log:1 1");
        using (var cut = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) cut.SetLength(0);
        Await("was cut; reading it from its start");
        File.AppendAllText(file, $"{Some.Error} 2\n");
        Await("app.log:1 2");
    }

    [Fact]
    public void A_file_that_appears_later_is_waited_for()
    {
        Follow(folder["late.log"]);
        Await("is not there yet; waiting for it");
        folder.Write("late.log", $"{Some.Error} 1\n");
        Await("late.log:1 1");
    }

    [Fact]
    public void A_link_that_is_turned_to_another_file_is_followed()
    {
        folder.Write("app-1.log", $"{Some.Error} 1\n");
        folder.Write("app-2.log", $"{Some.Error} 2\n");
        File.CreateSymbolicLink(folder["current.log"], folder["app-1.log"]);
        Follow(folder["current.log"]);
        Await("current.log:1 1");
        File.CreateSymbolicLink(folder["next"], folder["app-2.log"]);
        File.Move(folder["next"], folder["current.log"], overwrite: true);
        Await("was rotated; reading the new file");
        Await("current.log:1 2");
    }

    [Fact]
    public void A_file_below_a_linked_folder_is_not_taken_for_rotated()
    {
        folder.Write("real/app.log", $"{Some.Error} 1\n");
        Directory.CreateSymbolicLink(folder["link"], folder["real"]);
        Follow(folder["link/app.log"]);
        Await("app.log:1 1");
        File.AppendAllText(folder["real/app.log"], $"{Some.Error} 2\n");
        Await("app.log:2 2");
        Assert.DoesNotContain(passed, p => p.Contains("rotated", StringComparison.Ordinal));
    }

    private void Follow(params string[] files)
    {
        var tail = new LogTail(Some.Set(), Some.Options);
        follower = new Thread(() =>
        {
            using (tail) tail.Follow(files, (path, m) => told.Add($"{Path.GetFileName(path)}:{m.Line} {m.Text[^1]}"), (_, notice) => told.Add(notice), stop.Token);
        });
        follower.Start();
    }

    private void Await(string expected)
    {
        while (told.TryTake(out var next, Deadline))
        {
            passed.Add(next);
            if (string.Equals(next, expected, StringComparison.Ordinal)) return;
        }
        Assert.Fail($"\"{expected}\" never came; told was: {string.Join(" | ", passed)}");
    }
}
