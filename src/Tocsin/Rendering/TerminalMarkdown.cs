namespace Tocsin.Cli.Rendering;
public sealed record TerminalStyle(int Width, bool Colour);
public static class TerminalMarkdown { public static string Render(string markdown, TerminalStyle style) => markdown; }
