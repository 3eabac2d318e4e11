using System.Globalization;
using Tocsin.Cli.Commands.Lab;
using Tocsin.Cli.Setup;
using Tocsin.Lab.Faults;
using Tocsin.Lab.Host;
using Tocsin.Server.Web;

namespace Tocsin.Cli.Commands.Incidents;

/// <summary>The lab on this machine as the pages see it: through the control socket in its own folder, as every command.</summary>
internal sealed class LabPageDoor(Settings settings, CatalogStore store, Terminal terminal)
{
    private readonly Lazy<FaultFolder> faults = new(() => FaultFolder.Read(Path.Combine(settings.Home, "lab", "faults"), new FaultGround(store.Entries(terminal), PlatformFile.Load(settings))));

    public LabDoor Open() => new(Faults, LookAsync, BreakAsync, HealAsync, AskAsync);

    // Only those that the running profile can do.
    private IReadOnlyList<LabFault> Faults() => LabFolder.Default().Running() is { } lab
        ? [.. faults.Value.Faults.Where(f => f.Profiles.Contains(lab.Profile)).Select(f => new LabFault(f.Id, f.Title, f.About, f.Entry, f.Cause, [.. f.Environments]))]
        : [];

    private static Task<LabSeen> LookAsync(CancellationToken cancel) => AskedAsync(async (lab, c) =>
    {
        var status = await lab.StatusAsync(c);
        var services = status.Services.Select(s => (s.Environment, s.Service, s.Healthy, string.Create(CultureInfo.InvariantCulture, $"{s.Running} of {s.Desired} running, {s.Definition}{(s.Healthy ? "" : $", {s.Rollout}, targets {s.Health}")}")));
        var components = status.Components.Select(x => (x.Environment, x.Name, x.Healthy, $"{x.State}, {x.Version}"));
        var about = string.Create(CultureInfo.InvariantCulture, $"Account {lab.State.Account} at {status.Endpoint}; time x{status.Scale:0.##}; {status.MemoryMegabytes:0} MB.");
        return new LabSeen(status.Healthy, about, [.. services.Concat(components)], [.. status.Broken.Select(b => (b.At, b.Environment, b.By, b.What))]);
    }, cancel);

    private Task<IReadOnlyList<string>> BreakAsync(string fault, string environment, CancellationToken cancel) => AskedAsync<IReadOnlyList<string>>(async (lab, c) =>
    {
        using var scene = new FaultScene(lab, LabFolder.Default(), PlatformFile.Load(settings), faults.Value, new SceneOrder(faults.Value.Find(fault), environment), TimeProvider.System);
        return [.. await scene.BreakAsync(c)];
    }, cancel);

    private Task<ExamAnswer> AskAsync(string fault, string environment, CancellationToken cancel) => AskedAsync(async (lab, c) =>
    {
        var one = faults.Value.Find(fault);
        if (lab.State.Profile is LabProfile.Core && one.CoreHides.Length > 0) throw new LabRefusal($"not asked: {one.CoreHides}");
        var row = await new ExamRun(settings, terminal, lab, PlatformFile.Load(settings), faults.Value).AskAsync(new SceneOrder(one, environment), c);
        return new ExamAnswer(row.Expected, row.Top1, row.Verdict?.ToString() ?? "", row.Right, row.Seconds, row.Note);
    }, cancel);

    private static Task HealAsync(CancellationToken cancel) => AskedAsync((lab, c) => lab.HealAsync(c), cancel);

    private static async Task<T> AskedAsync<T>(Func<LabClient, CancellationToken, Task<T>> ask, CancellationToken cancel)
    {
        try
        {
            using var lab = LabClient.Connect(LabFolder.Default());
            return await ask(lab, cancel);
        }
        catch (Exception e) when (e is LabException or LabRefusedException)
        {
            throw new LabRefusal(e.Message);
        }
    }
}
