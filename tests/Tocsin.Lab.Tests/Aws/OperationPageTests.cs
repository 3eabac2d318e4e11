using System.Globalization;
using System.Text;
using Tocsin.Lab.Wire;

namespace Tocsin.Lab.Tests.Aws;

/// <summary>docs/lab-aws.md says of each operation what is real and what is emulated; it is written from the operations themselves.</summary>
public sealed class OperationPageTests
{
    [Fact]
    public async Task The_page_of_operations_is_what_the_stand_in_answers()
    {
        await using var held = await Life.Shared.LabAsync(TestContext.Current.CancellationToken);
        var page = Page(held.Lab.Host.Operations);
        var file = Path.Combine(TestLab.Root, "docs", "lab-aws.md");
        if (Environment.GetEnvironmentVariable("TOCSIN_WRITE") is "1") await File.WriteAllTextAsync(file, page, TestContext.Current.CancellationToken);
        Assert.True(page == await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), "docs/lab-aws.md is not up to date; ./dev docs writes it");
    }

    private static string Page(OperationTable operations)
    {
        var text = new StringBuilder("""
            # The lab's AWS: what is real, emulated and absent

            The stand-in answers on one port for both regions, in AWS's own protocols, errors and words. Its account is 000000000000, and every answer carries the header `X-Tocsin: LAB`. Signatures are checked, policies decide, and calls are in the trail.

            **Real**: what the answer says is so. A process runs or ended with that code, a byte was stored and searched, a policy was asked, a health check was sent. **Emulated**: the answer has AWS's shape and follows the lab's own state, but nothing stands behind it. **Absent**: everything that is not in this table; it is answered with `UnknownOperationException`, and the lab's host log names it.

            The database, the cache and the analytics host are emulated in the core profile: AWS's side of them answers, no server runs.


            """);
        foreach (var service in operations.All.GroupBy(o => o.Service, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"## {service.Key}\n\n| operation | is | asked of IAM | differs from AWS |\n|---|---|---|---|\n");
            foreach (var operation in service) text.Append(CultureInfo.InvariantCulture, $"| {operation.Name} | {operation.Support.ToString().ToLowerInvariant()} | {Action(operation)} | {operation.Note} |\n");
            text.Append('\n');
        }
        return text.ToString().TrimEnd('\n') + "\n";
    }

    // Where it depends on the call, the operation's own action stands for the rest.
    private static string Action(Operation operation)
    {
        try
        {
            return string.Join(", ", operation.Actions(new AwsCall(operation.Service, operation.Name, "ap-south-1", new Caller("000000000000", "arn", "name", "key"), [], default)).Select(a => $"`{a}`"));
        }
        catch (AwsException)
        {
            return $"`{Operation.Prefix(operation.Service)}:{operation.Name}`";
        }
    }
}
