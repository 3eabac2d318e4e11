using Tocsin.Cli.Commands;

namespace Tocsin.Cli.Setup;

/// <summary>Runs what asks a server, and turns its answer into an exit code.</summary>
internal static class ServerRun
{
    public static async Task<int> DoAsync(Terminal terminal, Func<ServerClient, CancellationToken, Task<int>> act, CancellationToken cancel)
    {
        using var stop = new StopSignal();
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, stop.Token);
        try
        {
            using var server = ServerClient.Connect();
            return await act(server, both.Token);
        }
        catch (ServerException e)
        {
            terminal.Fail(e.Message);
            return e.Code;
        }
        catch (OperationCanceledException) when (both.IsCancellationRequested)
        {
            return ExitCode.CouldNotLook;
        }
    }
}
