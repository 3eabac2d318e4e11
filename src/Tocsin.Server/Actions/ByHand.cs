using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Tocsin.Server.Actions;

/// <summary>What one call hands on to another, in the shell of whoever runs the commands by hand.</summary>
internal static partial class ByHand
{
    public static ImmutableArray<string> Of(ImmutableArray<string> commands)
    {
        var shell = commands.Select(c => Typed().Replace(Token().Replace(c, "\"$(uuidgen)\""), m => $"\"${m.Groups[1].Value}\"")).ToArray();
        for (var i = 0; i < shell.Length; i++)
        {
            foreach (Match given in Given().Matches(commands[i]))
            {
                var from = int.Parse(given.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
                var name = string.Create(CultureInfo.InvariantCulture, $"from{from + 1}");
                if (!shell[from].StartsWith(name, StringComparison.Ordinal)) shell[from] = $"{name}=$({shell[from]} --query {given.Groups[2].Value} --output text)";
                shell[i] = shell[i].Replace(given.Value, $"\"${name}\"", StringComparison.Ordinal);
            }
        }
        foreach (var name in commands.SelectMany(c => Typed().Matches(c)).Select(m => m.Groups[1].Value).Distinct(StringComparer.Ordinal).Reverse()) shell[0] = $"read -rsp '{name}: ' {name} && {shell[0]}";
        return [.. shell];
    }

    [GeneratedRegex(@"'\{\{tocsin:([0-9]+):([^}]+)\}\}'")]
    private static partial Regex Given();

    [GeneratedRegex(@"'\{\{tocsin:value:([^}]+)\}\}'")]
    private static partial Regex Typed();

    [GeneratedRegex(@"'\{\{tocsin:token\}\}'")]
    private static partial Regex Token();
}
