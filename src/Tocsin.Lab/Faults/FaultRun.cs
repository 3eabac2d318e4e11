using System.Collections.Immutable;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Lab.Host;
using Tocsin.Lab.Verbs;

namespace Tocsin.Lab.Faults;

/// <summary>What the check of one kind saw when the fault had landed, or last before the time was over.</summary>
public sealed record Evidence(string Kind, bool Landed, string Saw);

/// <summary>How an injection went. <see cref="Since"/> is when it began to break, or from when on it was seen to work before.</summary>
public sealed record Landing(Fault Fault, string Environment, Instant Since, ImmutableArray<Evidence> Evidence)
{
    public bool Landed => Evidence.All(e => e.Landed);
}

/// <summary>One fault in one environment of a running lab: breaks by verbs over the control socket, looks by independent probes from outside.</summary>
public sealed class FaultRun : IDisposable
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);
    private static readonly Duration LeastOnTheWall = Duration.FromSeconds(20);
    private static readonly Duration PrepareLimit = Duration.FromMinutes(3);
    private readonly LabClient lab;
    private readonly TimeProvider time;
    private readonly FaultEyes eyes;
    private Instant? worked;

    public FaultRun(LabClient lab, LabFolder folder, Core.Platforms.Platform platform, Fault fault, string environment, TimeProvider time)
    {
        this.lab = lab;
        this.time = time;
        Fault = fault;
        Environment = platform.Environment(environment)?.Name ?? throw new LabException($"there is no environment '{environment}'; there are: {string.Join(", ", platform.Environments.Select(e => e.Name))}");
        if (!fault.Environments.Contains(Environment, StringComparer.Ordinal)) throw new LabException($"{fault.Id} cannot be injected in {Environment}, only in {string.Join(", ", fault.Environments)}");
        if (!fault.Profiles.Contains(lab.State.Profile)) throw new LabException(lab.State.Profile is LabProfile.Core ? $"{fault.Id} needs the full profile's servers: tocsin lab down, then tocsin lab up --full" : $"{fault.Id} needs the core profile's programs: tocsin lab down, then tocsin lab up");
        eyes = new FaultEyes(folder, lab.State, platform, Environment);
    }

    public Fault Fault { get; }

    public string Environment { get; }

    internal FaultEyes Eyes => eyes;

    /// <summary>Prepares and breaks; gives what the verbs said. Refuses a platform that is not healthy unless forced.</summary>
    public async Task<ImmutableArray<string>> BreakAsync(bool force, CancellationToken cancel)
    {
        await RefuseUnlessHealthyAsync(force, cancel);
        var said = ImmutableArray.CreateBuilder<string>();
        foreach (var line in Fault.Prepare) said.Add(await RunAsync(line, cancel));
        if (Fault.Prepare.Length > 0) await UntilRunningAsync(cancel);
        eyes.Since = Now();
        if (Fault.Before.Length > 0) await SeeItWorkAsync(cancel);
        foreach (var line in Fault.Break) said.Add(await RunAsync(line, cancel));
        return said.ToImmutable();
    }

    /// <summary>Throws where the platform is not healthy and that was not waived; what is seen counts from here.</summary>
    public async Task<ImmutableArray<string>> RefuseUnlessHealthyAsync(bool force, CancellationToken cancel)
    {
        var status = await lab.StatusAsync(cancel);
        if (!force && !status.Healthy) throw new LabException($"the platform is not healthy, so what is seen would prove nothing: {Trouble(status)}; heal it first (tocsin lab heal), or give --force");
        eyes.Since = Now();
        return [];
    }

    /// <summary>One look at the checks, up to the first that does not hold.</summary>
    public async Task<Landing> LookOnceAsync(CancellationToken cancel)
    {
        var evidence = new List<Evidence>();
        // One that does not hold is enough: a look further might leave the very trace that it looks for.
        foreach (var check in Fault.Landed.TakeWhile(_ => evidence is [] or [.., { Landed: true }])) evidence.Add(await LookAsync(check, cancel));
        return new Landing(Fault, Environment, worked ?? eyes.Since, [.. evidence]);
    }

    /// <summary>Looks until every check holds or the fault's time is over; then it says what was seen instead.</summary>
    public async Task<Landing> LandAsync(CancellationToken cancel)
    {
        var scale = (await lab.StatusAsync(cancel)).Scale;
        var limit = Duration.Max(Fault.Within / scale, LeastOnTheWall);
        var evidence = Fault.Landed.Select(c => new Evidence(c.Kind, Landed: false, "not looked at yet")).ToArray();
        while (true)
        {
            for (var i = 0; i < evidence.Length; i++)
            {
                // Requests go on: they make the log lines and events that the other checks wait for, also from tasks that start only now.
                if (evidence[i].Landed && Fault.Landed[i] is not Checks.HttpCheck) continue;
                evidence[i] = await LookAsync(Fault.Landed[i], cancel);
            }
            if (evidence.All(e => e.Landed) || Now() - eyes.Since > limit) return new Landing(Fault, Environment, worked ?? eyes.Since, [.. evidence]);
            await Task.Delay(Between, time, cancel);
        }
    }

    /// <summary>The fix's own way. The lab may still have to put back what no fix would touch.</summary>
    public async Task<ImmutableArray<string>> FixAsync(CancellationToken cancel)
    {
        var said = ImmutableArray.CreateBuilder<string>();
        foreach (var line in Fault.Heal) said.Add(await RunAsync(line, cancel));
        return said.ToImmutable();
    }

    /// <summary>Waits for what is back later than the services are.</summary>
    public Task UntilHealedAsync(Duration limit, CancellationToken cancel) => UntilAsync(Fault.Healed, limit, $"{Fault.Id} is healed, the services are well, and it still does not work after {limit.TotalSeconds:0} s", cancel);

    public void Dispose() => eyes.Dispose();

    private Instant Now() => Instant.FromDateTimeOffset(time.GetUtcNow());

    private Task<string> RunAsync(string line, CancellationToken cancel) => lab.RunAsync(VerbRequest.Read(eyes.Names.Fill(line), Environment, Fault.Id), cancel);

    private async Task SeeItWorkAsync(CancellationToken cancel)
    {
        var began = eyes.Since;
        await UntilAsync(Fault.Before, LeastOnTheWall, $"{Fault.Id} is prepared and does not work as it should before it is broken", cancel);
        (worked, eyes.Since) = (began, Now());
    }

    private async Task UntilAsync(ImmutableArray<LandedCheck> checks, Duration limit, string otherwise, CancellationToken cancel)
    {
        var began = Now();
        foreach (var check in checks)
        {
            while (await LookAsync(check, cancel) is { Landed: false } not)
            {
                if (Now() - began > limit) throw new LabException($"{otherwise}: {not.Kind} saw {not.Saw}");
                await Task.Delay(Between, time, cancel);
            }
        }
    }

    private async Task<Evidence> LookAsync(LandedCheck check, CancellationToken cancel)
    {
        try
        {
            var sighting = await check.LookAsync(eyes, cancel);
            return new Evidence(check.Kind, sighting.Landed, sighting.Saw);
        }
        catch (Exception e) when (e is AwsFailure or LabException or System.Text.Json.JsonException)
        {
            // A look that could not be made is no proof either way; the next one may succeed.
            return new Evidence(check.Kind, Landed: false, e.Message);
        }
    }

    // Only of the services that were prepared: another fault may stand beside this one.
    private async Task UntilRunningAsync(CancellationToken cancel)
    {
        var prepared = Fault.Prepare.SelectMany(l => VerbRequest.Read(l, Environment, Fault.Id).Arguments.Take(1)).Select(a => eyes.Platform.Service(a)?.Name).ToHashSet(StringComparer.Ordinal);
        var began = Now();
        while (true)
        {
            var status = await lab.StatusAsync(cancel);
            if (status.Services.Where(s => s.Environment == Environment && prepared.Contains(s.Service)).All(s => s.Healthy)) return;
            if (Now() - began > PrepareLimit) throw new LabException($"{Fault.Id} could not be prepared: {Trouble(status)}");
            await Task.Delay(Between, time, cancel);
        }
    }

    private static string Trouble(StatusReport status) => string.Join(
        "; ",
        status.Services.Where(s => !s.Healthy).Select(s => $"{s.Service} of {s.Environment}: {s.Running} of {s.Desired} running, {s.Rollout}, targets {s.Health}").Concat(status.Components.Where(c => !c.Healthy).Select(c => $"{c.Name} of {c.Environment}: {c.State}")).Concat(status.Broken.Select(b => $"{b.By} in {b.Environment}: {b.What}")));
}
