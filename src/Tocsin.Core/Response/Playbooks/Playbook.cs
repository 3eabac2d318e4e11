using System.Collections.Immutable;
using NodaTime;

namespace Tocsin.Core.Response.Playbooks;

/// <summary>What a step is to whoever does it.</summary>
public enum StepKind
{
    /// <summary>A person does it, outside Tocsin.</summary>
    Manual,

    /// <summary>Looked at, and nothing changed: probes see it, or the commands beside it show it.</summary>
    Check,

    /// <summary>One of the guarded actions.</summary>
    Action,

    /// <summary>Something is said to people.</summary>
    Message,

    /// <summary>What was seen decides how it goes on.</summary>
    Decision,
}

/// <summary>One way on from a decision.</summary>
/// <param name="To">A later step, or <see cref="Playbook.End"/>.</param>
public sealed record Branch(string When, string To);

/// <summary>One step. Texts carry the placeholders of the platform until <see cref="PlaybookNames"/> fills them.</summary>
public sealed record PlaybookStep
{
    public required string Id { get; init; }

    /// <summary>From 1, as it stands in the file.</summary>
    public required int Number { get; init; }
    public required string Title { get; init; }
    public required StepKind Kind { get; init; }

    /// <summary>Markdown, with the commands to copy.</summary>
    public required string Text { get; init; }

    /// <summary>Probes that see what a check asks, by their names in the error reference.</summary>
    public ImmutableArray<string> Probes { get; init; } = [];

    /// <summary>What is right, of a check.</summary>
    public string Expect { get; init; } = "";

    /// <summary>Of a check: how probes answer it, as <see cref="ProbeAnswer"/> reads it; empty: a person does.</summary>
    public string Answer { get; init; } = "";

    /// <summary>The guarded action, and what is looked at afterwards.</summary>
    public string Action { get; init; } = "";
    public string Verify { get; init; } = "";

    /// <summary>The template of a message.</summary>
    public string Template { get; init; } = "";

    /// <summary>The service it is about, by name or role; empty: the playbook's.</summary>
    public string Service { get; init; } = "";

    /// <summary>The role that does it.</summary>
    public required string Who { get; init; }

    /// <summary>By when it is over, counted from the start of the run.</summary>
    public Duration? Within { get; init; }

    /// <summary>Nothing behind it begins before it is over. One that failed keeps it shut.</summary>
    public bool Gate { get; init; }

    /// <summary>It waits for nothing: a message that must go out while others work.</summary>
    public bool Anytime { get; init; }

    /// <summary>Steps that are over before it begins.</summary>
    public ImmutableArray<string> After { get; init; } = [];

    /// <summary>Where it goes on; empty: with the step behind it.</summary>
    public string Next { get; init; } = "";
    public ImmutableArray<Branch> Branches { get; init; } = [];

    /// <summary>Lines of the file: the heading, and the first of the text.</summary>
    public int Line { get; init; }
    public int TextLine { get; init; }
}

/// <summary>When a playbook is the right one.</summary>
/// <param name="Production">Null: wherever.</param>
public sealed record PlaybookUse(ImmutableArray<string> Facts, ImmutableArray<string> Entries, bool? Production);

/// <summary>How a response goes, as data. A step leads only to later ones, so a run always ends.</summary>
public sealed record Playbook
{
    /// <summary>Where a branch leads that ends the playbook.</summary>
    public const string End = "end";

    public required string Id { get; init; }
    public required string Title { get; init; }
    public required string About { get; init; }

    /// <summary>The severity it is written for; null: a page of single steps.</summary>
    public Severity? Severity { get; init; }

    /// <summary>False: single steps, each of which may be done at any time.</summary>
    public required bool Ordered { get; init; }

    public string Service { get; init; } = "";
    public required PlaybookUse Use { get; init; }
    public required string Intro { get; init; }
    public required ImmutableArray<PlaybookStep> Steps { get; init; }

    /// <summary>The first twelve digits of the SHA-256 of the file it was read from.</summary>
    public required string Digest { get; init; }

    public PlaybookStep? Step(string id) => Steps.FirstOrDefault(s => string.Equals(s.Id, id, StringComparison.Ordinal));
}
