using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Tocsin.Architecture.Tests;

/// <summary>The hard edges of how the code reads. What is an exception is named here, with its reason.</summary>
public sealed partial class CodeShapeTests
{
    private const int MaxFile = 500;
    private const int MaxRoutine = 60;

    // A slow pipe, which an idle one is a kind of.
    private static readonly string[] Open = ["Tocsin.Collect.Tests.Dribble"];

    [Fact]
    public void No_file_is_longer_than_500_lines() =>
        Breaches.None(Code.Files.Where(f => f.Lines > MaxFile).Select(f => $"{f.Path}: {f.Lines} lines"));

    [Fact]
    public void No_method_is_longer_than_60_lines() =>
        Breaches.None(Code.Routines.Where(r => r.Lines > MaxRoutine).Select(r => $"{r.Place} {r.Name}: {r.Lines} lines"));

    [Fact]
    public void Every_class_is_sealed_static_or_abstract()
    {
        var unsealed = Code.All<TypeDeclarationSyntax>().Where(t => IsClass(t.Node))
            .GroupBy(t => FullName(t.Node), StringComparer.Ordinal)
            .Where(parts => !Open.Contains(parts.Key, StringComparer.Ordinal))
            .Where(parts => !parts.Any(p => p.Node.Modifiers.Any(m => m.Kind() is SyntaxKind.SealedKeyword or SyntaxKind.StaticKeyword or SyntaxKind.AbstractKeyword)));
        Breaches.None(unsealed.Select(parts => $"{parts.First().File.Place(parts.First().Node)} {parts.Key}"));
    }

    [Fact]
    public void No_interface_has_a_single_implementation()
    {
        var implementations = Code.All<TypeDeclarationSyntax>().Where(t => t.Node is not InterfaceDeclarationSyntax && t.Node.BaseList is not null)
            .SelectMany(t => t.Node.BaseList!.Types.Select(b => SimpleName(b.Type))).CountBy(n => n, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        Breaches.None(Code.All<InterfaceDeclarationSyntax>().Where(i => implementations.GetValueOrDefault(i.Node.Identifier.Text) < 2)
            .Select(i => $"{i.File.Place(i.Node)} {i.Node.Identifier.Text}"));
    }

    [Fact]
    public void No_type_has_a_name_that_says_nothing() =>
        Breaches.None(Code.All<BaseTypeDeclarationSyntax>().Where(t => Vague().IsMatch(t.Node.Identifier.Text))
            .Select(t => $"{t.File.Place(t.Node)} {t.Node.Identifier.Text}"));

    [Theory]
    [InlineData("ScanService", true)]
    [InlineData("Service", false)]
    [InlineData("ServiceShape", false)]
    [InlineData("TextUtils", true)]
    [InlineData("Utilisation", false)]
    [InlineData("Helper", true)]
    public void Vague_names_are_told_from_others(string name, bool vague) => Assert.Equal(vague, Vague().IsMatch(name));

    [Fact]
    public void No_catch_is_empty() =>
        Breaches.None(Code.All<CatchClauseSyntax>().Where(c => c.Node.Block.Statements.Count == 0).Select(c => c.File.Place(c.Node)));

    [Fact]
    public void Every_task_can_be_cancelled() =>
        Breaches.None(Code.All<MethodDeclarationSyntax>(Code.Product)
            .Where(m => TaskTypes.Contains(SimpleName(m.Node.ReturnType), StringComparer.Ordinal) && !IsForeign(m.Node) && !EndsWithToken(m.Node))
            .Select(m => $"{m.File.Place(m.Node)} {m.Node.Identifier.Text}: a CancellationToken stands last and without default"));

    // For whoever looks at the log of a run: where the code stands, not where it must.
    [Fact]
    public void The_usual_length_of_files_and_methods_is_told()
    {
        var files = Code.Product.Select(f => f.Lines).Order().ToList();
        var routines = Code.Routines.Where(r => r.Place.StartsWith("src/", StringComparison.Ordinal)).Select(r => r.Lines).Order().ToList();
        Console.WriteLine($"src: {files.Count} files, lines: half below {Part(files, 50)}, nine of ten below {Part(files, 90)}, longest {files[^1]}");
        Console.WriteLine($"src: {routines.Count} methods, lines: half below {Part(routines, 50)}, nine of ten below {Part(routines, 90)}, longest {routines[^1]}");
        Assert.NotEmpty(routines);
    }

    private static readonly string[] TaskTypes = ["Task", "ValueTask", "IAsyncEnumerable"];

    private static int Part(List<int> ordered, int percent) => ordered[Math.Min(ordered.Count - 1, ordered.Count * percent / 100)];

    private static bool IsClass(TypeDeclarationSyntax type) => type is ClassDeclarationSyntax || (type is RecordDeclarationSyntax && !type.IsKind(SyntaxKind.RecordStructDeclaration));

    private static string FullName(TypeDeclarationSyntax type) =>
        string.Join('.', type.AncestorsAndSelf().OfType<TypeDeclarationSyntax>().Reverse().Select(t => t.Identifier.Text + t.TypeParameterList)
            .Prepend(type.FirstAncestorOrSelf<BaseNamespaceDeclarationSyntax>()?.Name.ToString() ?? ""));

    private static string SimpleName(TypeSyntax type) => type switch
    {
        QualifiedNameSyntax q => q.Right.Identifier.Text,
        SimpleNameSyntax s => s.Identifier.Text,
        _ => type.ToString(),
    };

    // The signature of an override is another's, and so is that of disposing; a request carries its own token.
    private static bool IsForeign(MethodDeclarationSyntax method) =>
        method.ExplicitInterfaceSpecifier is not null
        || method.Modifiers.Any(SyntaxKind.OverrideKeyword)
        || method.Identifier.Text is "DisposeAsync"
        || method.ParameterList.Parameters.Any(p => p.Type is { } type && SimpleName(type) is "HttpContext");

    private static bool EndsWithToken(MethodDeclarationSyntax method) =>
        method.ParameterList.Parameters.LastOrDefault() is { Type: { } type, Default: null } && SimpleName(type) is "CancellationToken";

    [GeneratedRegex("(?:.Service|Managers?|Helpers?|Utils?|Processors?|D[tT][oO]s?|Impl)$", RegexOptions.CultureInvariant)]
    private static partial Regex Vague();
}
