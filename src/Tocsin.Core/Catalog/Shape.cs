using System.Collections.Immutable;

namespace Tocsin.Core.Catalog;

/// <summary>
/// The shape of a YAML value. One definition feeds the strict reader, the JSON Schema for editors and the format's page,
/// so a key is declared once.
/// </summary>
public abstract record Shape(string About)
{
    /// <summary>A scalar; <paramref name="Allowed"/> empty: any, <paramref name="Pattern"/> empty: any form.</summary>
    public sealed record Text(string About, ImmutableArray<string> Allowed = default, string Pattern = "", bool MayBeEmpty = false) : Shape(About);

    public sealed record Number(string About, double Least = double.MinValue, bool Whole = false) : Shape(About);

    public sealed record Flag(string About) : Shape(About);

    public sealed record List(string About, Shape Item, bool NotEmpty = false) : Shape(About);

    /// <summary>Any single value; enums and numbers are compared as text.</summary>
    public sealed record Scalar(string About) : Shape(About);

    /// <summary>A scalar or a list of scalars.</summary>
    public sealed record OneOrMany(string About) : Shape(About);

    /// <summary>A mapping with known keys. Of each group in <paramref name="ExactlyOne"/> one key is present.</summary>
    public sealed record Map(string About, ImmutableArray<Key> Keys, ImmutableArray<ImmutableArray<string>> ExactlyOne = default) : Shape(About);

    /// <summary>A mapping with free keys of one form.</summary>
    public sealed record Table(string About, Shape Item, string KeyPattern = "") : Shape(About);
}

public sealed record Key(string Name, Shape Shape, bool Required = false);
