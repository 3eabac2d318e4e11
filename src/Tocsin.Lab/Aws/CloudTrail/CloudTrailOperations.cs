using System.Text.Json.Nodes;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.CloudTrail;

/// <summary>CloudTrail: who really called what.</summary>
public static class CloudTrailOperations
{
    public static IEnumerable<Operation> All(LabWorld world)
    {
        yield return new Operation("cloudtrail", "LookupEvents", call => Lookup(world, call)) { Support = Support.Real, Note = "events are there at once, AWS's take minutes; requestParameters are what the protocol carried" };
    }

    private static JsonObject Lookup(LabWorld world, AwsCall call)
    {
        var size = call.Within("MaxResults", 1, 50, 50, _ => new AwsException("InvalidMaxResultsException", "This exception is thrown if the limit specified is not valid."));
        if (call.Text("EventCategory") is { } category && category is not "insight") throw new AwsException("InvalidEventCategoryException", $"{Inputs.Short(category)} is not a valid event category.");
        var (from, to) = (call.Time("StartTime"), call.Time("EndTime"));
        if (from > to) throw new AwsException("InvalidTimeRangeException", "The start time must be before the end time.");
        var attributes = call.Objects("LookupAttributes");
        if (attributes.Count > 1) throw new AwsException("InvalidLookupAttributesException", "You can only specify one lookup attribute.");
        var fits = attributes.Count == 0 ? _ => true : Fits(world, attributes[0].Leaf("AttributeKey"), attributes[0].Leaf("AttributeValue") ?? "");
        var found = call.Text("EventCategory") is null ? world.Trail.Newest(call.Region).Where(e => !(e.At < from) && !(e.At > to) && fits(e)) : [];
        var (page, next) = Pages.Of(found, e => e.Id, call.Text("NextToken"), size, () => new AwsException("InvalidNextTokenException", "The token that is in NextToken is not valid."));
        return new JsonObject { ["Events"] = page.Array(e => TrailShapes.Of(e, world.Iam)) }.With("NextToken", next);
    }

    private static Func<TrailEvent, bool> Fits(LabWorld world, string? key, string value) => key switch
    {
        "EventId" => e => e.Id == value,
        "EventName" => e => e.Call.Operation == value,
        "EventSource" => e => TrailShapes.Source(e) == value,
        "ReadOnly" => e => (e.ReadOnly ? "true" : "false") == value,
        "Username" => e => TrailShapes.UserName(e) == value,
        "AccessKeyId" => e => e.Call.Caller.AccessKeyId == value,
        "ResourceName" => e => TrailShapes.Resources(e).Any(r => r.Name == value),
        "ResourceType" => e => TrailShapes.Resources(e).Any(r => r.Type == value),
        _ => throw new AwsException("InvalidLookupAttributesException", $"{Inputs.Short(key ?? "")} is not a valid lookup attribute."),
    };
}
