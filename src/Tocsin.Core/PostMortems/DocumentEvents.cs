using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Response;

namespace Tocsin.Core.PostMortems;

/// <summary>Something that happened to the document of one incident.</summary>
public abstract record DocumentEvent(Instant At, string By);

/// <param name="Text">All that people wrote, as it stood then: an older state can be read back.</param>
public sealed record DocumentWritten(Instant At, string By, PostMortemText Text) : DocumentEvent(At, By);

/// <summary>It is final.</summary>
public sealed record DocumentClosed(Instant At, string By) : DocumentEvent(At, By);

public sealed record DocumentOpenedAgain(Instant At, string By, string Why) : DocumentEvent(At, By);

/// <param name="Item">Its place in the list, from 0.</param>
public sealed record ItemDone(Instant At, string By, int Item, bool Done) : DocumentEvent(At, By);

/// <summary>Somebody was told of an action item. It names the item by what stood there, because lists are written anew.</summary>
/// <param name="Step">As <see cref="ItemCall.Step"/>.</param>
/// <param name="People">Persons, or rooms by their channel.</param>
public sealed record ItemReminded(Instant At, string Text, string Owner, LocalDate Due, int Step, ImmutableArray<string> People) : DocumentEvent(At, "");

/// <summary>The document as its events leave it.</summary>
public sealed record DocumentRecord
{
    public static readonly DocumentRecord None = new();

    public PostMortemText Text { get; init; } = PostMortemText.Empty;

    /// <summary>How often people wrote; what the clock did since does not make a text stale that somebody types.</summary>
    public int Version { get; init; }
    public Instant WrittenAt { get; init; } = Instant.MinValue;

    /// <summary>The last step that was said, by text, owner and due date of the item: who changes one of them begins anew.</summary>
    public ImmutableDictionary<(string Text, string Owner, LocalDate Due), int> Told { get; init; } = ImmutableDictionary<(string, string, LocalDate), int>.Empty;
    public ImmutableArray<(Instant At, string By, string What)> History { get; init; } = [];

    public bool IsFinal => Text.Status == DocumentStatus.Final;

    public static DocumentRecord Of(IEnumerable<DocumentEvent> events) => events.Aggregate(None, (record, e) => record.With(e));

    public DocumentRecord With(DocumentEvent e)
    {
        if (e is ItemReminded told) return this with { Told = Told.SetItem((told.Text, told.Owner, told.Due), told.Step), History = History.Add((told.At, "tocsin", $"tells {Words.List(told.People)} of \"{told.Text}\"")) };
        var (text, what) = e switch
        {
            DocumentWritten w => (w.Text with { Status = Text.Status }, Version == 0 ? "begins it" : "writes"),
            DocumentClosed => (Text with { Status = DocumentStatus.Final }, "makes it final"),
            DocumentOpenedAgain o => (Text with { Status = DocumentStatus.Draft }, $"opens it again: {o.Why}"),
            ItemDone d => (Text with { Items = Text.Items.SetItem(d.Item, Text.Items[d.Item] with { Done = d.Done }) }, $"{(d.Done ? "has done" : "opens again")} \"{Text.Items[d.Item].Text}\""),
            _ => throw new ArgumentOutOfRangeException(nameof(e), e, "unknown event"),
        };
        return this with { Text = text, WrittenAt = e is DocumentWritten ? e.At : WrittenAt, Version = Version + 1, History = History.Add((e.At, e.By, what)) };
    }
}

/// <summary>What becomes of a document. Pure.</summary>
public static class DocumentDecisions
{
    private const int MostText = 20_000;
    private const int MostLines = 100;

    public static Decided<DocumentEvent> Write(DocumentRecord record, PostMortemText text, string by, Instant now)
    {
        if (record.IsFinal) return No("it is final; open it again first, and say why");
        if (TooMuch(text) is { } problem) return No(problem);
        return Same(record.Text, text) ? new Decided<DocumentEvent>.Nothing("nothing was changed") : Decided<DocumentEvent>.One(new DocumentWritten(now, by, text with { Status = DocumentStatus.Draft }));
    }

    /// <summary>Final, where nothing is missing; else the refusal names all that is.</summary>
    public static Decided<DocumentEvent> Close(DocumentRecord record, IncidentAccount account, string by, Instant now)
    {
        if (record.IsFinal) return new Decided<DocumentEvent>.Nothing("it is final already");
        var missing = new PostMortem(account, record.Text).Missing().ToList();
        return missing.Count > 0 ? No($"it cannot be final yet: {string.Join("; ", missing)}") : Decided<DocumentEvent>.One(new DocumentClosed(now, by));
    }

    public static Decided<DocumentEvent> OpenAgain(DocumentRecord record, string why, string by, Instant now)
    {
        if (!record.IsFinal) return new Decided<DocumentEvent>.Nothing("it is a draft");
        return string.IsNullOrWhiteSpace(why) ? No("it needs why it is opened again") : Decided<DocumentEvent>.One(new DocumentOpenedAgain(now, by, why));
    }

    /// <summary>An item may be done before the document is final, and mostly is after.</summary>
    public static Decided<DocumentEvent> Tick(DocumentRecord record, int item, bool done, string by, Instant now)
    {
        if (item < 0 || item >= record.Text.Items.Length) return No("there is no such action item");
        return record.Text.Items[item].Done == done ? new Decided<DocumentEvent>.Nothing("it is so already") : Decided<DocumentEvent>.One(new ItemDone(now, by, item, done));
    }

    private static string? TooMuch(PostMortemText text)
    {
        string[] whole = [text.Author, text.Summary, text.Users, text.Revenue, text.Detection, text.RootCause, text.Lessons];
        ImmutableArray<string>[] lists = [text.Factors, text.WentWell, text.WentPoorly, [.. text.Items.Select(i => i.Text)]];
        if (whole.Concat(lists.SelectMany(l => l)).Any(t => t.Length > MostText)) return $"a part has {MostText} characters at most";
        if (lists.Any(l => l.Length > MostLines)) return $"a list has {MostLines} lines at most";
        return text.Items.Any(i => string.IsNullOrWhiteSpace(i.Text)) ? "an action item says what is to be done" : text.Items.Any(i => i.Owner.Length > 100) ? "an owner has 100 characters at most" : null;
    }

    private static bool Same(PostMortemText a, PostMortemText b) =>
        (a.Author, a.Summary, a.Users, a.Revenue, a.Detection, a.RootCause, a.Lessons) == (b.Author, b.Summary, b.Users, b.Revenue, b.Detection, b.RootCause, b.Lessons)
        && a.Factors.SequenceEqual(b.Factors, StringComparer.Ordinal) && a.WentWell.SequenceEqual(b.WentWell, StringComparer.Ordinal) && a.WentPoorly.SequenceEqual(b.WentPoorly, StringComparer.Ordinal) && a.Items.SequenceEqual(b.Items);

    private static Decided<DocumentEvent> No(string why) => Decided<DocumentEvent>.No(why);
}
