using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Tocsin.Collect.Logs;
using Tocsin.Core.Matching;

namespace Tocsin.Architecture.Tests;

/// <summary>Who may know whom, read from the built assemblies.</summary>
public sealed class RoomTests
{
    private static readonly string Core = typeof(MatchSet).Assembly.Location;
    private static readonly string Collect = typeof(LogScan).Assembly.Location;
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "tocsin.dll");

    private static readonly string[] OutsideNamespaces = ["System.Net", "System.Threading.Tasks", "System.IO"];
    private static readonly string[] OutsideTypes =
        ["System.Random", "System.Environment", "System.Console", "System.TimeProvider", "System.Diagnostics.Stopwatch", "System.Diagnostics.Process", "NodaTime.SystemClock"];

    // YamlDotNet needs a reader for line numbers; the exception is what parsers of the platform throw.
    private static readonly string[] Harmless = ["System.IO.TextReader", "System.IO.StringReader", "System.IO.InvalidDataException"];

    // Every iterator that the compiler makes asks for the thread's number; it is of no use to anyone else.
    private const string OfIterators = "get_CurrentManagedThreadId";

    [Fact]
    public void Core_names_nothing_of_the_world_outside() => Breaches.None(Named(Core).Where(IsOutside).Order(StringComparer.Ordinal));

    [Fact]
    public void What_reads_the_world_is_seen_to_name_it()
    {
        var named = Named(Collect);
        Assert.Contains("System.IO.FileStream", named);
        Assert.True(IsOutside("System.IO.FileStream"));
        Assert.True(IsOutside("System.Net.Http.HttpClient"));
        Assert.False(IsOutside("System.IO.TextReader"));
    }

    [Fact]
    public void Each_room_knows_only_those_below_it()
    {
        Assert.Empty(Rooms(Core));
        Assert.Equal(["Tocsin.Core"], Rooms(Collect));
        Assert.Equal(["Tocsin.Collect", "Tocsin.Core"], Rooms(Path.Combine(AppContext.BaseDirectory, "Tocsin.Lab.dll")));
        Assert.Empty(Rooms(Path.Combine(AppContext.BaseDirectory, "Tocsin.Server.dll")).Except(["Tocsin.Collect", "Tocsin.Core"], StringComparer.Ordinal));
        Assert.Equal(["Tocsin.Collect", "Tocsin.Core", "Tocsin.Lab", "Tocsin.Server"], Rooms(Program));
    }

    [Fact]
    public void No_platform_is_named_in_the_code()
    {
        var names = Directory.EnumerateDirectories(Repository.Path("platforms")).Select(d => Path.GetFileName(d)).ToList();
        Assert.NotEmpty(names);
        Breaches.None(Repository.Files("src").SelectMany(f => names.Where(n => Repository.Read(f).Contains(n, StringComparison.OrdinalIgnoreCase)).Select(n => $"{f}: {n}")));
    }

    [Fact]
    public void Namespaces_follow_folders()
    {
        var strays = Code.All<BaseNamespaceDeclarationSyntax>()
            .Where(n => !string.Equals(n.Node.Name.ToString(), NamespaceOf(n.File.Path), StringComparison.Ordinal))
            .Select(n => $"{n.File.Path}: {n.Node.Name} is not {NamespaceOf(n.File.Path)}");
        Breaches.None(strays);
    }

    private static string NamespaceOf(string path)
    {
        var folders = path.Split('/')[1..^1];
        if (string.Equals(folders[0], "Tocsin", StringComparison.Ordinal)) folders[0] = "Tocsin.Cli";
        return string.Join('.', folders);
    }

    private static bool IsOutside(string type) =>
        !Harmless.Contains(type, StringComparer.Ordinal)
        && (OutsideTypes.Contains(type, StringComparer.Ordinal) || OutsideNamespaces.Any(n => type.StartsWith($"{n}.", StringComparison.Ordinal)));

    private static ImmutableArray<string> Rooms(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        return
        [
            .. metadata.AssemblyReferences.Select(r => metadata.GetString(metadata.GetAssemblyReference(r).Name))
                .Where(n => n.StartsWith("Tocsin", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Every type of another assembly that the assembly names, but for what the compiler alone put there.</summary>
    private static HashSet<string> Named(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        var members = metadata.MemberReferences.Select(metadata.GetMemberReference).Where(m => m.Parent.Kind == HandleKind.TypeReference)
            .ToLookup(m => (TypeReferenceHandle)m.Parent, m => metadata.GetString(m.Name));
        return
        [
            .. metadata.TypeReferences.Where(t => !members.Contains(t) || members[t].Any(n => !string.Equals(n, OfIterators, StringComparison.Ordinal)))
                .Select(t => Name(metadata, metadata.GetTypeReference(t))),
        ];
    }

    private static string Name(MetadataReader metadata, TypeReference type)
    {
        if (type.ResolutionScope.Kind == HandleKind.TypeReference)
            return $"{Name(metadata, metadata.GetTypeReference((TypeReferenceHandle)type.ResolutionScope))}.{metadata.GetString(type.Name)}";
        return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
    }
}
