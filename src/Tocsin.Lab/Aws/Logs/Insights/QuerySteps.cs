using System.Text.RegularExpressions;

namespace Tocsin.Lab.Aws.Logs.Insights;

/// <summary>A named expression; <see cref="Made"/> when the row does not have it under this name already.</summary>
internal sealed record QueryColumn(string Name, Func<Row, Datum> Of, bool Made);

/// <summary>A command of a query.</summary>
internal abstract record QueryStep;

/// <summary><c>fields</c>, and <c>display</c> when <see cref="Only"/> these are to be shown.</summary>
internal sealed record FieldsStep(IReadOnlyList<QueryColumn> Columns, bool Only) : QueryStep;

internal sealed record FilterStep(Func<Row, Datum> Condition) : QueryStep;

/// <summary>The expression's groups go under the names; on a row that it does not fit they stay missing.</summary>
internal sealed record ParseStep(Func<Row, Datum> From, Regex Expression, IReadOnlyList<(string Group, string Name)> Fields) : QueryStep;

internal sealed record SortStep(IReadOnlyList<(Func<Row, Datum> Key, bool Descending)> Keys) : QueryStep;

/// <summary><c>limit</c>; <see cref="Last"/> is the old <c>tail</c>.</summary>
internal sealed record LimitStep(int Count, bool Last) : QueryStep;

/// <summary>The first row of each value stays; a row without the field is no duplicate.</summary>
internal sealed record DedupStep(IReadOnlyList<Func<Row, Datum>> Keys) : QueryStep;

internal sealed record StatsStep(IReadOnlyList<AggregateUse> Uses, IReadOnlyList<QueryColumn> Columns, IReadOnlyList<QueryColumn> By) : QueryStep;
