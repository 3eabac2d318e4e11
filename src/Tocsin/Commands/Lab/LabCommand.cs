using System.CommandLine;
using Tocsin.Cli.Setup;
using Tocsin.Lab.Host;

namespace Tocsin.Cli.Commands.Lab;

/// <summary>tocsin lab: a platform of its own to break, and its faults.</summary>
internal static class LabCommand
{
    public static Command Create(CommonOptions common, Terminal terminal)
    {
        var command = new Command("lab", "The failure lab: AWS and the platform on this machine, to break and to heal.");
        var run = new LabRun(terminal);
        foreach (var one in LabLife.Create(common, terminal, run)) command.Subcommands.Add(one);
        foreach (var one in LabFaults.Create(common, terminal, run)) command.Subcommands.Add(one);
        command.Subcommands.Add(LabExam.Create(common, terminal, run));
        foreach (var one in LabVerbs.Create(run)) command.Subcommands.Add(one);
        return command;
    }
}

/// <summary>Runs a lab command's body: its errors are sentences and exit codes.</summary>
internal sealed class LabRun(Terminal terminal)
{
    public Terminal Terminal => terminal;

    public async Task<int> DoAsync(Func<CancellationToken, Task<int>> body, CancellationToken cancel)
    {
        using var stop = new StopSignal();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, stop.Token);
        try
        {
            return await body(either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            terminal.Fail("stopped");
            return ExitCode.CouldNotLook;
        }
        catch (LabRefusedException e)
        {
            terminal.Fail(e.Message);
            return ExitCode.Refused;
        }
        catch (LabException e)
        {
            terminal.Fail(e.Message);
            return ExitCode.CouldNotLook;
        }
    }
}
