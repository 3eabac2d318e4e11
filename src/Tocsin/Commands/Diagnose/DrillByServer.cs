using Tocsin.Cli.Setup;
using Tocsin.Core.Diagnosis;
using Tocsin.Server.Api;

namespace Tocsin.Cli.Commands.Diagnose;

/// <summary>A drill that the server does: nobody who asks needs access to the platform, and nothing has to be read and made ready first.</summary>
internal static class DrillByServer
{
    public static Task<int> RunAsync(DrillRequest request, Terminal terminal, CancellationToken cancel)
    {
        if (Own(request) is { } own) throw new SettingsException($"{own} does not go with --server, which looks where it was set up to; leave one of the two out");
        return ServerRun.DoAsync(terminal, (server, c) => AskAsync(request, server, terminal, c), cancel);
    }

    private static async Task<int> AskAsync(DrillRequest request, ServerClient server, Terminal terminal, CancellationToken cancel)
    {
        var (text, verdict) = await server.PostForTextAsync(
            "api/v1/drills",
            DrillApi.VerdictHeader,
            w =>
            {
                foreach (var (name, value) in new[] { ("environment", request.Environment), ("service", request.Service), ("domain", request.Domain), ("since", request.Since), ("format", request.Format) })
                {
                    if (value is not null) w.WriteString(name, value);
                }
                w.WriteNumber("width", terminal.Width);
                w.WriteBoolean("colour", terminal.Colour);
            },
            cancel);
        if (!Enum.TryParse<Verdict>(verdict, ignoreCase: true, out var known)) throw new ServerException("what answers there is no Tocsin server, or an older one: it gives no verdict", ExitCode.CouldNotLook);
        terminal.Out.Write(text);
        return request.CodeOf(known);
    }

    private static string? Own(DrillRequest request) => request switch
    {
        { Lab: true } => "--lab",
        { Endpoint: not null } => "--endpoint",
        { BundleFrom: not null } => "--from-bundle",
        { BundleTo: not null } => "--bundle",
        _ => null,
    };
}
