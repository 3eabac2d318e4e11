using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Tocsin.Architecture.Tests;

/// <summary>One source file as written; generated code lies elsewhere.</summary>
internal sealed record SourceFile(string Path, string Text, CompilationUnitSyntax Root)
{
    public int Lines { get; } = Text.AsSpan().TrimEnd('\n').Count('\n') + 1;

    public bool IsTest => Path.StartsWith("tests/", StringComparison.Ordinal);

    public string Place(SyntaxNode node) => $"{Path}:{node.GetLocation().GetLineSpan().StartLinePosition.Line + 1}";
}

/// <summary>A method, constructor, accessor or local function, or a file's top-level statements. Its lines count from its head, behind attributes, to its end.</summary>
internal sealed record Routine(string Place, string Name, int Lines);

/// <summary>All C# of the repository, parsed once.</summary>
internal static class Code
{
    public static ImmutableArray<SourceFile> Files { get; } =
    [
        .. new[] { "src", "tests", "bench" }.SelectMany(f => Repository.Files(f, "*.cs")).Select(Parse),
    ];

    public static ImmutableArray<SourceFile> Product { get; } = [.. Files.Where(f => f.Path.StartsWith("src/", StringComparison.Ordinal))];

    public static ImmutableArray<Routine> Routines { get; } = [.. Files.SelectMany(RoutinesOf)];

    public static IEnumerable<(SourceFile File, T Node)> All<T>(IEnumerable<SourceFile>? files = null)
        where T : SyntaxNode =>
        (files ?? Files).SelectMany(f => f.Root.DescendantNodes().OfType<T>().Select(n => (f, n)));

    private static SourceFile Parse(string path)
    {
        var text = Repository.Read(path);
        return new SourceFile(path, text, CSharpSyntaxTree.ParseText(text, path: path).GetCompilationUnitRoot());
    }

    private static IEnumerable<Routine> RoutinesOf(SourceFile file)
    {
        foreach (var node in file.Root.DescendantNodes())
        {
            var name = node switch
            {
                MethodDeclarationSyntax m => m.Identifier.Text,
                ConstructorDeclarationSyntax c => c.Identifier.Text,
                LocalFunctionStatementSyntax l => l.Identifier.Text,
                AccessorDeclarationSyntax { Body: not null } a => a.Keyword.Text,
                OperatorDeclarationSyntax o => o.OperatorToken.Text,
                _ => null,
            };
            if (name is not null) yield return Of(file, node, name);
        }
        var statements = file.Root.Members.OfType<GlobalStatementSyntax>().Where(s => s.Statement is not LocalFunctionStatementSyntax).ToList();
        if (statements.Count > 0) yield return new Routine(file.Path, "top-level statements", statements.Sum(s => Lines(s.GetLocation())));
    }

    private static Routine Of(SourceFile file, SyntaxNode node, string name)
    {
        var attributes = node.ChildNodes().OfType<AttributeListSyntax>().LastOrDefault();
        var head = attributes?.GetLastToken().GetNextToken() ?? node.GetFirstToken();
        return new Routine(file.Place(node), name, Lines(Location.Create(node.SyntaxTree, Microsoft.CodeAnalysis.Text.TextSpan.FromBounds(head.SpanStart, node.Span.End))));
    }

    private static int Lines(Location location)
    {
        var span = location.GetLineSpan();
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
    }
}
