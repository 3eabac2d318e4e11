namespace Tocsin.Cli.Setup;

/// <summary>A file that is there whole or not at all.</summary>
internal static class WholeFile
{
    public static async Task<T> WriteAsync<T>(string path, Func<Stream, CancellationToken, Task<T>> write, CancellationToken cancel)
    {
        var part = $"{path}.part";
        try
        {
            T result;
            await using (var to = File.Create(part)) result = await write(to, cancel);
            File.Move(part, path, overwrite: true);
            return result;
        }
        finally
        {
            File.Delete(part);
        }
    }
}
