using System.Globalization;

namespace Tocsin.Core.Catalog;

/// <summary>A place in a file; line and column start at 1, 0 where the file as a whole is meant.</summary>
public readonly record struct Place(string File, int Line = 0, int Column = 0)
{
    public override string ToString() => Line == 0 ? File : string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}");
}

/// <summary>What is wrong and what would be right. A rule has a stable name, so that a test or a reader can look it up.</summary>
public sealed record Problem(Place Place, string Rule, string Message, bool IsWarning = false)
{
    public override string ToString() => $"{Place}: {(IsWarning ? "warning" : "error")} {Rule}: {Message}";
}

/// <summary>A parsed value, or the problems that kept it from being one. Warnings may stand beside a value.</summary>
public sealed record Parsed<T>(T? Value, IReadOnlyList<Problem> Problems)
    where T : class;
