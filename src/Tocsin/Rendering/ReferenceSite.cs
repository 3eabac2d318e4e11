using Tocsin.Core.Catalog; using Tocsin.Core.Platforms;
namespace Tocsin.Cli.Rendering;
public static class ReferenceSite { public static IEnumerable<(string Path, string Text)> Pages(ErrorReference reference, Platform platform) => []; }
public static class ReferenceMarkdown { public static IEnumerable<(string Path, string Text)> Pages(ErrorReference reference, Platform platform) => []; }
