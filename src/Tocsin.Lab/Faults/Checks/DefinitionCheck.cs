using System.Globalization;
using System.Text.Json.Nodes;

namespace Tocsin.Lab.Faults.Checks;

/// <summary>How many active revisions newer than the running one are registered, and whether the newest names an image that was pushed before that of the one below it.</summary>
internal sealed record DefinitionCheck(string Service) : LandedCheck
{
    public int? Behind { get; init; }

    public bool OlderImage { get; init; }

    public override string Kind => "definition";

    internal override IEnumerable<string> Names => [Service];

    internal override async Task<Sighting> LookAsync(FaultEyes eyes, CancellationToken cancel)
    {
        var running = (await eyes.ServiceAsync(Service, cancel))["taskDefinition"]!.ToString();
        var listed = await eyes.AskAsync("ecs", "ListTaskDefinitions", new JsonObject { ["familyPrefix"] = running.Split('/')[^1].Split(':')[0], ["sort"] = "DESC" }, cancel);
        var arns = listed["taskDefinitionArns"]!.AsArray().Select(a => a!.ToString()).ToList();
        var newest = await eyes.DefinitionAsync(arns[0], cancel);
        var below = await eyes.DefinitionAsync(arns.Count > 1 ? arns[1] : arns[0], cancel);
        var behind = arns.Count(a => Revision(a) > Revision(running));
        var saw = $"{Service} runs {running.Split('/')[^1]}; the newest is {arns[0].Split('/')[^1]} by {newest["registeredBy"]} with {Tag(newest)}, below it {Tag(below)}";
        if (Behind is { } wanted && behind != wanted) return Sighting.No(saw);
        return OlderImage && await PushedAsync(eyes, newest, cancel) >= await PushedAsync(eyes, below, cancel) ? Sighting.No(saw) : Sighting.Yes(saw);
    }

    private static int Revision(string arn) => int.Parse(arn.Split(':')[^1], NumberStyles.None, CultureInfo.InvariantCulture);

    private static string Image(JsonObject definition) => definition["containerDefinitions"]!.AsArray()[0]!["image"]!.ToString();

    private static string Tag(JsonObject definition) => Image(definition).Split(':')[^1];

    // The images of every environment lie in one region: it is part of the registry's name.
    private static async Task<double> PushedAsync(FaultEyes eyes, JsonObject definition, CancellationToken cancel)
    {
        var image = Image(definition);
        var input = new JsonObject { ["repositoryName"] = image[(image.IndexOf('/', StringComparison.Ordinal) + 1)..image.LastIndexOf(':')], ["imageIds"] = new JsonArray(new JsonObject { ["imageTag"] = Tag(definition) }) };
        var answer = await eyes.AskInAsync(image.Split('.')[3], "ecr", "DescribeImages", input, cancel);
        return answer["imageDetails"]!.AsArray()[0]!["imagePushedAt"]!.GetValue<double>();
    }
}
