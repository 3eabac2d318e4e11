using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tocsin.Collect.Aws;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions;

/// <summary>Calls of a plan as AWS takes them: made for the plan, filled in and sent once.</summary>
internal static partial class AwsCalling
{
    private const int MostWords = 300;

    /// <summary>Gaps that are filled as a call is sent. They name Tocsin, so that no text of a platform is taken for one.</summary>
    public const string Token = "{{tocsin:token}}";

    public static string Value(string name) => $"{{{{tocsin:value:{name}}}}}";

    public static string Answer(int call, string path) => string.Create(CultureInfo.InvariantCulture, $"{{{{tocsin:{call}:{path}}}}}");

    /// <summary>A call of a plan from its input as AWS documents it.</summary>
    public static PlannedCall Call(string service, string operation, JsonObject input) =>
        new(service, operation, input.Where(p => p.Value is not null).ToImmutableSortedDictionary(p => p.Key, p => p.Value!.ToJsonString(Plain), StringComparer.Ordinal));

    public static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task<CallResult> SendAsync(ActionGround ground, ActionRun run, int call, ImmutableSortedDictionary<string, string> values, CancellationToken cancel) =>
        Fill(run.Plan.Calls[call], run, values) is { } input ? await SendAsync(ground, run, call, input, cancel) : CallResult.Failed("a value that it needs is not there any more; plan it again");

    /// <param name="input">Ready as it is sent.</param>
    public static async Task<CallResult> SendAsync(ActionGround ground, ActionRun run, int call, JsonObject input, CancellationToken cancel)
    {
        var planned = run.Plan.Calls[call];
        foreach (var absent in input.Where(i => i.Value is null).Select(i => i.Key).ToList()) input.Remove(absent);
        try
        {
            using var caller = await ground.Acting(new ActingFor(run.StartedBy, run.Incident?.ToString() ?? "", run.Plan.Calls), cancel);
            var answer = await caller.AskAsync(planned.Provider, run.Plan.Place.Region, planned.Operation, input, cancel);
            return new CallResult(ActionOutcome.Succeeded, $"{planned.Operation} was taken", Needed(run.Plan, call, answer));
        }
        catch (AwsFailure e)
        {
            // What AWS refused was not done. What broke, or was never answered, may have been.
            var words = $"{e.Code}: {Short(e.Words)}";
            return e.Kind is AwsFailureKind.Broken or AwsFailureKind.Unreachable or AwsFailureKind.TimedOut ? CallResult.Unknown(words) : CallResult.Failed(words);
        }
    }

    /// <summary>The call's input; null where something that it needs is missing.</summary>
    public static JsonObject? Fill(PlannedCall call, ActionRun run, ImmutableSortedDictionary<string, string> values)
    {
        var missing = false;
        var input = new JsonObject();
        foreach (var (name, json) in call.Arguments)
        {
            var filled = Gap().Replace(json, m =>
            {
                var value = m.Groups["value"].Success
                    ? values.GetValueOrDefault(m.Groups["value"].Value)
                    : m.Groups["token"].Success ? run.Token
                    : run.Calls[int.Parse(m.Groups["call"].ValueSpan, CultureInfo.InvariantCulture)].Gave.GetValueOrDefault(m.Groups["path"].Value);
                missing |= value is null;
                return JsonEncodedText.Encode(value ?? "", System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString();
            });
            input[name] = JsonNode.Parse(filled);
        }
        return missing ? null : input;
    }

    // Only what a later call names: an answer may hold more than anyone should keep.
    private static ImmutableSortedDictionary<string, string> Needed(ActionPlan plan, int call, JsonObject answer)
    {
        var gave = ActionOrder.None.ToBuilder();
        foreach (var path in plan.Calls.Skip(call + 1).SelectMany(c => c.Arguments.Values).SelectMany(json => Gap().Matches(json)).Where(m => m.Groups["call"].Value == call.ToString(CultureInfo.InvariantCulture)).Select(m => m.Groups["path"].Value))
        {
            JsonNode? at = answer;
            foreach (var part in path.Split('.')) at = (at as JsonObject)?[part];
            if (at is JsonValue found) gave[path] = found.ToString();
        }
        return gave.ToImmutable();
    }

    public static string Short(string words) => words.Length > MostWords ? words[..MostWords] + "…" : words;

    [GeneratedRegex(@"\{\{tocsin:(?:value:(?<value>[^}]+)|(?<token>token)|(?<call>[0-9]+):(?<path>[^}]+))\}\}", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Gap();
}
