using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;

namespace Tocsin.Collect.Tests;

/// <summary>A small catalog in which one error is known: the words "disk is full".</summary>
internal static class Some
{
    public const string Error = "the disk is full on /data";
    public static readonly StreamOptions Options = new(NodaTime.Instant.FromUtc(2026, 11, 21, 20, 0));

    public static MatchSet Set() => MatchSet.Build([Entry("disk-full", "disk is full")]);

    public static Entry Entry(string id, string literal) => new()
    {
        Id = id,
        Title = id,
        Layer = "service",
        Component = "core-api",
        Service = "core-api",
        Summary = id,
        Signatures = [new Signature { Id = "message", Says = Says.Component, Any = [new Pattern.Literal(literal)] }],
        Page = new PageRule([], "a test"),
        Causes = [],
        Fixes = [],
    };
}

/// <summary>A folder of its own for one test.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("tocsin-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public string Write(string name, string text)
    {
        var file = this[name];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }

    public string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(this[name], bytes);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>A stream that gives at most so many bytes at a time, as a slow pipe does.</summary>
internal class Dribble(byte[] bytes, int atOnce) : MemoryStream(bytes)
{
    public override bool CanSeek => false;

    // A derived memory stream reads into spans by way of this too.
    public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, atOnce));
}

/// <summary>A pipe that holds a text and then stays open without another word until it is disposed.</summary>
internal sealed class Idle(string text) : Dribble(System.Text.Encoding.UTF8.GetBytes(text), int.MaxValue)
{
    private readonly ManualResetEvent closed = new(initialState: false);

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = base.Read(buffer, offset, count);
        if (read == 0) closed.WaitOne();
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        closed.Set();
        base.Dispose(disposing);
    }
}
