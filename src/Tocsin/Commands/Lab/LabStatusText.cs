using System.Globalization;
using Tocsin.Cli.Setup;
using Tocsin.Lab.Host;

namespace Tocsin.Cli.Commands.Lab;

/// <summary>The lab's status for a person.</summary>
internal static class LabStatusText
{
    public static void Write(Terminal terminal, StatusReport status)
    {
        var output = terminal.Out;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{terminal.Bold("LAB")} {(status.Healthy ? terminal.Green("healthy") : terminal.Red("not healthy"))} · {status.Endpoint} · time x{status.Scale:0.##} · {status.MemoryMegabytes:0} MB · memory limits by {status.MemoryLimits}"));
        foreach (var environment in status.Services.GroupBy(s => s.Environment, StringComparer.Ordinal))
        {
            output.WriteLine();
            var answers = status.Traffic.GetValueOrDefault(environment.Key);
            output.WriteLine($"{terminal.Bold(environment.Key)}{(answers is null ? "" : terminal.Dim("   traffic " + string.Join("  ", answers.Select(a => $"{a.Key}: {a.Value.ToString(CultureInfo.InvariantCulture)}"))))}");
            foreach (var service in environment) output.WriteLine(Line(terminal, service));
            foreach (var component in status.Components.Where(c => c.Environment == environment.Key)) output.WriteLine(Line(terminal, component));
        }
        var shared = status.Components.Where(c => status.Services.All(s => s.Environment != c.Environment)).ToList();
        if (shared.Count > 0) output.WriteLine();
        foreach (var component in shared) output.WriteLine(Line(terminal, component));
        foreach (var one in status.LeftOut) output.WriteLine(terminal.Dim($"  left out: {one}"));
        if (status.Broken.Count == 0) return;
        output.WriteLine();
        output.WriteLine(terminal.Bold("broken on purpose"));
        foreach (var one in status.Broken) output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {one.At:HH:mm:ss}Z  {one.Environment,-10}  {one.By}: {one.What}"));
    }

    private static string Line(Terminal terminal, ComponentStatus component)
    {
        var state = component.Healthy ? terminal.Green("healthy    ") : terminal.Red("not healthy");
        return string.Create(CultureInfo.InvariantCulture, $"  {component.Name,-16} {state} {component.State}  {component.Address}:{component.Port}  {component.Version}, started in {component.StartedInMs:0} ms");
    }

    private static string Line(Terminal terminal, ServiceStatus service)
    {
        var state = service.Healthy ? terminal.Green("healthy    ") : terminal.Red("not healthy");
        var more = service.Healthy ? "" : $"  {service.Rollout}, targets: {service.Health}";
        return string.Create(CultureInfo.InvariantCulture, $"  {service.Service,-16} {state} {service.Running}/{service.Desired} running{(service.Pending > 0 ? $", {service.Pending} pending" : "")}  {service.Definition}{more}");
    }
}
