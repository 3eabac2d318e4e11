using System.Text;

namespace Tocsin.Cli.Setup;

/// <summary>Where a command writes and what that place can show. Colours only on a terminal, and never with NO_COLOR.</summary>
internal sealed class Terminal
{
    private const string Reset = "\e[0m";

    private Terminal(TextWriter output, TextWriter error, bool colour, bool errorIsTerminal, int width)
    {
        Out = output;
        Error = error;
        Colour = colour;
        ErrorIsTerminal = errorIsTerminal;
        Width = width;
    }

    public TextWriter Out { get; }

    public TextWriter Error { get; }

    public bool Colour { get; }

    /// <summary>Whether a progress line may be shown.</summary>
    public bool ErrorIsTerminal { get; }

    public int Width { get; }

    public static Terminal System()
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var output = new StreamWriter(StandardOutput.Open(), utf8, 64 * 1024) { AutoFlush = false };
        var error = new StreamWriter(Console.OpenStandardError(), utf8) { AutoFlush = true };
        var noColour = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) || string.Equals(Environment.GetEnvironmentVariable("TERM"), "dumb", StringComparison.Ordinal);
        var width = Console.IsOutputRedirected ? 100 : Math.Clamp(Columns(), 40, 120);
        return new Terminal(output, error, !Console.IsOutputRedirected && !noColour, !Console.IsErrorRedirected, width);
    }

    /// <summary>One that writes elsewhere, without colours unless they are asked for: for a command whose output is an answer to something.</summary>
    public Terminal Into(TextWriter output, TextWriter error, int? width = null, bool colour = false) => new(output, error, colour, errorIsTerminal: false, width ?? Width);

    public string Bold(string text) => Paint("1", text);

    public string Dim(string text) => Paint("2", text);

    public string Red(string text) => Paint("31", text);

    public string Yellow(string text) => Paint("33", text);

    public string Green(string text) => Paint("32", text);

    public string Cyan(string text) => Paint("36", text);

    public void Fail(string message) => Error.WriteLine($"tocsin: {message}");

    private string Paint(string code, string text) => Colour && text.Length > 0 ? $"\e[{code}m{text}{Reset}" : text;

    private static int Columns()
    {
        try
        {
            return Console.WindowWidth;
        }
        catch (IOException)
        {
            return 100;
        }
    }
}
