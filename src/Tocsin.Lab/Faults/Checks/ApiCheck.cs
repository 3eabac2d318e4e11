using System.Globalization;
using System.Text.Json.Nodes;
using Tocsin.Collect.Aws;

namespace Tocsin.Lab.Faults.Checks;

/// <summary>Any call of AWS's API: what stands at the path, or with the path <c>error</c> the code of the refusal.</summary>
internal sealed record ApiCheck(string Of, string Operation, string Input, string Path) : LandedCheck
{
    public string? Is { get; init; }

    public string? Contains { get; init; }

    public override string Kind => "api";

    internal override IEnumerable<string> Names => [];

    internal override async Task<Sighting> LookAsync(FaultEyes eyes, CancellationToken cancel)
    {
        var found = await FindAsync(eyes, cancel);
        var fits = (Is is null || found == eyes.Names.Fill(Is)) && (Contains is null || (found?.Contains(eyes.Names.Fill(Contains), StringComparison.Ordinal) ?? false));
        return new Sighting(fits && found is not null, $"{Of} {Operation}: {Path} is {found ?? "not there"}");
    }

    private async Task<string?> FindAsync(FaultEyes eyes, CancellationToken cancel)
    {
        try
        {
            JsonNode? at = await eyes.AskAsync(Of, Operation, (JsonObject)JsonNode.Parse(eyes.Names.Fill(Input))!, cancel);
            foreach (var step in Path.Split('.'))
            {
                at = at switch
                {
                    JsonObject map => map[step],
                    JsonArray list when int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var i) && i < list.Count => list[i],
                    _ => null,
                };
            }
            return at is JsonValue value ? value.ToString() : at?.ToJsonString();
        }
        catch (AwsFailure e) when (Path is "error" && e.Kind is not AwsFailureKind.Unreachable)
        {
            return e.Code;
        }
    }
}
