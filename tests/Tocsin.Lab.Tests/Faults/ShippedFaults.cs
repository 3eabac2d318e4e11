using Tocsin.Collect.Files;
using Tocsin.Core.Matching;
using Tocsin.Core.Platforms;
using Tocsin.Lab.Faults;

namespace Tocsin.Lab.Tests.Faults;

/// <summary>The faults that lie in the repository, with the catalog and platform that they name.</summary>
internal static class ShippedFaults
{
    public static string Folder { get; } = Path.Combine(TestLab.Root, "lab", "faults");

    public static FaultGround Ground { get; } = new(
        CatalogFiles.ReadEntries([new CatalogRoot(Path.Combine(TestLab.Root, "catalog"), Shipped: true)]).Entries,
        PlatformReader.Parse(File.ReadAllText(Path.Combine(TestLab.Root, "platforms", "zelly", "platform.yaml")), "platform.yaml").Value!);

    public static FaultFolder All { get; } = FaultFolder.Read(Folder, Ground);

    public static MatchSet Signatures { get; } = MatchSet.Build(Ground.Entries);
}
