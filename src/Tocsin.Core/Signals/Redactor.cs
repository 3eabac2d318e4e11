namespace Tocsin.Core.Signals;
public readonly record struct Redaction(int Start, int Length, string Kind);
public sealed class Redactor { public static Redactor Default { get; } = new(); public static Redactor WithEmails { get; } = new(); public string Redact(string text) => text; public IReadOnlyList<Redaction> Find(string text) => []; }
