using System.Net;
using NodaTime;
using Tocsin.Lab.Aws;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Components;

/// <summary>The stand-in for Cloudflare's API as a component: its token is its password; a setting <c>pages.PROJECT</c> makes that project's next deployment, <c>token</c> lets it read or not.</summary>
internal sealed class Cloudflare(ComponentGround ground, string environment, CloudflareState state) : Component(ground, environment, "cloudflare", UsualPort)
{
    private const int UsualPort = 8787;
    private static readonly string[] Built = ["Cloning repository...", "Installing project dependencies: npm clean-install --progress=false", "Executing user command: npm run build", "Finished", "Success: Your site was deployed!"];
    private readonly string token = LabIds.Mixed(40);
    private volatile bool revoked;
    private LabServer? server;

    public override bool Shared => true;

    public override string? Password => token;

    protected override bool IsRunning => server is not null;

    protected override async Task LaunchAsync(CancellationToken cancel)
    {
        lock (Ground.World.Gate)
        {
            if (state.Pages.Count + state.Workers.Count == 0) Populate();
        }
        var api = new CloudflareApi(Ground.World, Ground.Dns, state, Ground.Options.Platform.Fields["baseDomain"], () => revoked ? null : token);
        server = await LabServer.ListenAsync(
            new IPEndPoint(IPAddress.Parse(Address), Port),
            async context =>
            {
                if (Delay > TimeSpan.Zero) await Task.Delay(Delay, context.RequestAborted);
                await api.Handle(context);
            },
            cancel);
        Version = "of the lab, API v4";
    }

    protected override async Task EndAsync(bool atOnce, CancellationToken cancel)
    {
        if (server is not null) await server.DisposeAsync();
        server = null;
    }

    protected override Task<string> ChangeAsync(string key, string value, CancellationToken cancel)
    {
        if (key is "token") return Task.FromResult(Token(value));
        lock (Ground.World.Gate)
        {
            if (!key.StartsWith("pages.", StringComparison.Ordinal) || !state.Pages.TryGetValue(key["pages.".Length..], out var deployments)) throw Verbs.VerbCall.Unknown("setting of cloudflare", key, state.Pages.Keys.Select(p => $"pages.{p}").Append("token"));
            var was = deployments[0].Status is "success" ? "success" : $"failure:{deployments[0].Log[^2]}";
            if (value is "success") state.Deploy(key["pages.".Length..], LabIds.Uuid(), Ground.World.Clock.Now, "success", Built);
            else if (value.StartsWith("failure", StringComparison.Ordinal)) state.Deploy(key["pages.".Length..], LabIds.Uuid(), Ground.World.Clock.Now, "failure", [.. Built[..3], value.Length > "failure:".Length ? value["failure:".Length..] : "npm error code ELIFECYCLE", "Failed: Error while executing user command. Exited with error code: 1"]);
            else throw new LabException($"{key} is success or failure:TEXT, not '{value}'");
            return Task.FromResult(was);
        }
    }

    private string Token(string value)
    {
        var was = revoked ? "revoked" : "valid";
        revoked = value is "revoked" || (value is "valid" ? false : throw new LabException($"token is valid or revoked, not '{value}'"));
        return was;
    }

    private void Populate()
    {
        var at = Ground.World.Clock.Now - Duration.FromDays(3);
        foreach (var project in Ground.Full.Pages)
        {
            state.Pages[project] = [];
            state.Deploy(project, LabIds.Uuid(), at, "success", Built);
        }
        if (Ground.Environment(Environment).Components.GetValueOrDefault("cloudflare")?.GetValueOrDefault("worker") is { } worker) state.Workers[worker] = new WorkerScript(worker, at, LabIds.Uuid(), []);
        if (Ground.Full.Worker is { } run) (state.Workers[run.Name], state.Routes[run.Host]) = (new WorkerScript(run.Name, at, LabIds.Uuid(), [.. run.Environment.Keys.Order(StringComparer.Ordinal)]), run.Name);
    }
}
