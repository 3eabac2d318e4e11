using System.Collections.Immutable;
using Tocsin.Core.Catalog;
using Tocsin.Core.Platforms;
using Tocsin.Lab.Host;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Verbs;

/// <summary>A word that a verb takes; <see cref="Many"/> only for the last one.</summary>
public sealed record VerbArgument(string Name, string About, bool Many = false);

public sealed record VerbOption(string Name, string About, bool Many = false);

/// <summary>
/// One way to change the lab, declared once: the command line, the lines of faults and the help all come from here. <see cref="Run"/> is called with the
/// world's lock held and gives the sentence that tells what was done.
/// </summary>
public sealed record Verb(string Name, string About, ImmutableArray<VerbArgument> Arguments, Func<VerbCall, string> Run)
{
    public ImmutableArray<VerbOption> Options { get; init; } = [];

    public required string Example { get; init; }

    /// <summary>
    /// For what servers and other processes are asked: work to be done without the world's lock, or null where <see cref="Run"/> does all of it. Must not
    /// itself change anything.
    /// </summary>
    public Func<VerbCall, Func<CancellationToken, Task<string>>?>? Beyond { get; init; }

    /// <summary>Changes that leave the platform as healthy as it was are not remembered as broken.</summary>
    public Func<VerbCall, bool> Breaks { get; init; } = static _ => true;
}

/// <summary>A verb with its words, as a person or a fault gave them.</summary>
public sealed record VerbRequest(string Verb, string Environment, ImmutableArray<string> Arguments, ImmutableSortedDictionary<string, ImmutableArray<string>> Options)
{
    /// <summary>Who asked: <c>verb</c>, or a fault's id.</summary>
    public string By { get; init; } = "verb";

    /// <summary>As a line that can be typed again.</summary>
    public string Line => string.Join(' ', [Verb, .. Arguments.Select(Quoted), .. Options.SelectMany(o => o.Value.SelectMany(v => new[] { o.Key, Quoted(v) }))]);

    private static string Quoted(string word) => word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_=.:/,@+%".Contains(c, StringComparison.Ordinal)) ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>Reads a line of a fault: the verb's two words, its arguments and options; <c>--env</c> is not among them.</summary>
    public static VerbRequest Read(string line, string environment, string by)
    {
        var words = Words(line);
        var verb = VerbTable.All.FirstOrDefault(v => words.Count >= 2 && v.Name == $"{words[0]} {words[1]}") ?? throw new LabException($"'{line}' begins with no verb of the lab; there are: {string.Join(", ", VerbTable.All.Select(v => v.Name))}");
        var arguments = ImmutableArray.CreateBuilder<string>();
        var options = new SortedDictionary<string, ImmutableArray<string>>(StringComparer.Ordinal);
        for (var i = 2; i < words.Count; i++)
        {
            if (verb.Options.FirstOrDefault(o => o.Name == words[i]) is not { } option)
            {
                arguments.Add(words[i]);
                continue;
            }
            if (++i >= words.Count) throw new LabException($"{option.Name} of '{line}' has no value");
            options[option.Name] = [.. options.GetValueOrDefault(option.Name, []), words[i]];
        }
        return new VerbRequest(verb.Name, environment, arguments.ToImmutable(), options.ToImmutableSortedDictionary(StringComparer.Ordinal)) { By = by };
    }

    /// <summary>The words of a line, as a shell would part them.</summary>
    public static List<string> Words(string line)
    {
        var words = new List<string>();
        var word = new System.Text.StringBuilder();
        var (quote, inside) = ('\0', false);
        foreach (var c in line)
        {
            if (quote != '\0' && c != quote) word.Append(c);
            else if (quote != '\0') quote = '\0';
            else if (c is '\'' or '"') (quote, inside) = (c, true);
            else if (c != ' ') word.Append(c);
            else if (word.Length > 0 || inside)
            {
                words.Add(word.ToString());
                word.Clear();
                inside = false;
            }
        }
        if (quote != '\0') throw new LabException($"a quotation mark is not closed in: {line}");
        if (word.Length > 0 || inside) words.Add(word.ToString());
        return words;
    }
}

/// <summary>What a verb works on.</summary>
public sealed class VerbCall
{
    private readonly VerbRequest request;
    private readonly Verb verb;

    internal VerbCall(LabHost host, Verb verb, VerbRequest request)
    {
        this.request = request;
        this.verb = verb;
        Host = host;
        var platform = host.Options.Platform;
        Environment = platform.Environment(request.Environment) ?? throw Unknown("environment", request.Environment, platform.Environments.Select(e => e.Name));
        Region = host.World.Regions[Environment.Fields["region"]];
        var least = verb.Arguments.Length;
        if (request.Arguments.Length < least || (request.Arguments.Length > least && !verb.Arguments.Any(a => a.Many)))
            throw new LabException($"lab {verb.Name} takes {string.Join(' ', verb.Arguments.Select(a => a.Many ? a.Name + "…" : a.Name))}; for example: tocsin lab {verb.Example} --env {request.Environment}");
    }

    internal LabHost Host { get; }

    internal PlatformEnvironment Environment { get; }

    internal LabRegion Region { get; }

    internal Aws.Ecs.EcsCluster Cluster => Region.Ecs.Clusters[Environment.Fields["cluster"]];

    internal string this[int argument] => request.Arguments[argument];

    internal IEnumerable<string> From(int argument) => request.Arguments.Skip(argument);

    internal string? Option(string name) => request.Options.GetValueOrDefault(name, []) is [.., var last] ? last : null;

    internal IEnumerable<string> Each(string name) => request.Options.GetValueOrDefault(name, []);

    /// <summary>A service by its name or role.</summary>
    internal Service Service(int argument) => Host.Options.Platform.Service(this[argument]) ?? throw Unknown("service", this[argument], Host.Options.Platform.Services.Select(s => s.Name));

    internal Aws.Ecs.EcsServiceState Running(int argument) => Cluster.Services[Service(argument).Name];

    /// <summary>A real component by its name; null where this lab has none of it.</summary>
    internal Components.Component? Component(string name) => Host.Components?.Find(Environment.Name, name);

    /// <summary>A secret by its own name, or by the service whose secret it is.</summary>
    internal Aws.Secrets.Secret Secret(int argument)
    {
        var name = Host.Options.Platform.Service(this[argument])?.Fields.GetValueOrDefault("secret") ?? this[argument];
        return Region.Secrets.Secrets.GetValueOrDefault(name) ?? throw Unknown("secret", this[argument], Region.Secrets.Secrets.Keys);
    }

    internal static (string Key, string Value) Pair(string text)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        return at > 0 ? (text[..at], text[(at + 1)..]) : throw new LabException($"'{text}' is not KEY=VALUE");
    }

    internal int Whole(string text, string what) => int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : throw new LabException($"{what} of lab {verb.Name} is a whole number, not '{text}'");

    /// <summary>An error that lists what there is, the nearest first.</summary>
    internal static LabException Unknown(string kind, string name, IEnumerable<string> known)
    {
        var all = known.ToList();
        var near = Nearest.To(name, all);
        return new LabException($"there is no {kind} '{name}'{(near is null ? "" : $", did you mean {near}?")}; there {(all.Count == 1 ? "is" : "are")}: {string.Join(", ", all)}");
    }
}
