using Tocsin.Cli.Commands.Diagnose;
using Tocsin.Cli.Setup;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Incidents;
using Tocsin.Core.Platforms;
using Tocsin.Server.Setup;

namespace Tocsin.Cli.Commands.Incidents;

/// <summary>
/// The drill of a new incident: looked at by itself, kept as a bundle beside the database, and told to the incident as its diagnosis. Whoever opens the
/// incident later has the bundle diagnosed again, from the same evidence.
/// </summary>
internal sealed class IncidentLook(Settings settings, CatalogStore store, Terminal terminal, ServeRequest request, ServerOptions options, Func<EvidenceBundle, DiagnosisReport> judge)
{
    private readonly string folder = Path.Combine(options.DataFolder, "bundles");

    /// <summary>Null where the incident names no environment of the platform: then there is nothing to look at.</summary>
    public async Task<AttachedDiagnosis?> LookAsync(Incident incident, CancellationToken cancel)
    {
        if (options.Platform.Environment(incident.Environment) is null) return null;
        // An incident of no single service, such as one of an address, is looked for everywhere.
        var service = options.Platform.Service(incident.Service)?.Name;
        var outcome = await new DrillRun(settings, store, terminal).LookAsync(new DrillRequest { Environment = incident.Environment, Service = service, Endpoint = request.Endpoint, Lab = request.Lab, Quiet = true }, cancel);
        await KeepAsync(outcome.Diagnosis.Bundle, BundleJson.Write(outcome.Bundle), cancel);
        return new AttachedDiagnosis(outcome.Diagnosis.Verdict.ToString(), outcome.Diagnosis.Causes.FirstOrDefault()?.Id ?? "", NextStep(outcome), outcome.Diagnosis.Bundle);
    }

    /// <summary>The diagnosis of a bundle that was kept; null where there is none.</summary>
    public async Task<DiagnosisReport?> ReportAsync(string digest, CancellationToken cancel)
    {
        if (!File.Exists(FileOf(digest))) return null;
        var parsed = BundleReader.Parse(await File.ReadAllBytesAsync(FileOf(digest), cancel), FileOf(digest));
        return parsed.Value is { } bundle ? judge(bundle) : null;
    }

    // Whole or not at all; the same evidence has the same name.
    private async Task KeepAsync(string digest, byte[] bundle, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        var part = $"{FileOf(digest)}.{Environment.ProcessId}";
        await File.WriteAllBytesAsync(part, bundle, cancel);
        File.Move(part, FileOf(digest), overwrite: true);
    }

    private string FileOf(string digest) => Path.Combine(folder, $"{string.Concat(digest.Where(char.IsAsciiLetterOrDigit))}.json");

    // What to do where the cause is known, what to look at where it is not.
    private static string NextStep(DrillOutcome outcome)
    {
        var report = outcome.Diagnosis;
        if (report.Verdict is Verdict.Blind) return report.Missing.FirstOrDefault()?.Why ?? "";
        if (report is { Verdict: Verdict.Confirmed or Verdict.Likely, Causes: [var cause, ..] } && FixOf(outcome, cause) is { } fix) return fix;
        return report.Next is { } next ? $"look at {next.Probe}.{next.Fact} of {next.Subject}: it would decide" : "";
    }

    private static string? FixOf(DrillOutcome outcome, RankedCause cause)
    {
        var entry = outcome.Entries.FirstOrDefault(e => string.Equals(e.Id, cause.Id.Split('/')[0], StringComparison.Ordinal));
        var environment = outcome.Platform.Environment(outcome.Bundle.Environment);
        var fix = entry?.FixesOf(cause.Fixes).FirstOrDefault();
        return fix is null || environment is null ? null : $"{fix.Title}: {PlatformNames.Fill(fix.Does, outcome.Platform, environment, cause.At.Service.Length > 0 ? cause.At.Service : entry!.Service)}";
    }
}
