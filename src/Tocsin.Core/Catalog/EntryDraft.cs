using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Tocsin.Core.Catalog;

/// <summary>The files of a new entry. They parse as they are; lint names what a person must still say.</summary>
public sealed record EntryDraft(ImmutableArray<(string Name, string Text)> Files, string? Problem)
{
    /// <summary>Stands wherever a person must still say something; lint refuses it.</summary>
    public const string Mark = "TODO:";

    public static EntryDraft Create(string path)
    {
        var parts = path.Split('/');
        if (parts.Length != 2) return Refuse($"\"{path}\" is not LAYER/ID, such as database/mysql-deadlock");
        if (!EntryNames.Layers.Contains(parts[0], StringComparer.Ordinal))
            return Refuse($"\"{parts[0]}\" is no layer; {Nearest.Suggest(parts[0], EntryNames.Layers)}layers: {string.Join(", ", EntryNames.Layers)}");
        if (!Regex.IsMatch(parts[1], $"^(?:{EntryNames.IdPattern})$", RegexOptions.NonBacktracking))
            return Refuse($"\"{parts[1]}\" is no id; lower-case words with hyphens are, such as mysql-deadlock");
        return new EntryDraft([("entry.yaml", Yaml(parts[0], parts[1])), ("guide.md", Guide()), ("samples/first.yaml", Samples())], null);
    }

    private static EntryDraft Refuse(string problem) => new([], problem);

    private static string Yaml(string layer, string id) =>
        $"""
        id: {id}
        title: "TODO: what a person would call it, with the words of the error"
        layer: {layer}
        component: {layer}
        service: core-api
        summary: "TODO: what it means and what the user feels"
        signatures:
          - id: message
            says: component
            any:
              - literal: "TODO: words that never change"
        page:
          never: "TODO: any, with count and within, or why it pages nobody"
        causes:
          - id: first-cause
            title: "TODO: the cause in a few words"
            prior: common
            evidence:
              - saw: message
                for: weak
                group: text
                because: "TODO: why it is evidence"
            fixes: [first-fix]
        fixes:
          - id: first-fix
            title: "TODO: the fix in a few words"
            does: "TODO: what is done, in the imperative"
            verify: "TODO: what shows that it worked"
        """ + "\n";

    private static string Guide() =>
        """
        ## What it is

        TODO: what it means and what the user feels.

        ## Root cause

        TODO: the causes, the usual one first.

        ## Diagnose

        TODO: commands to copy, each with what its answer tells.

        ## Fix

        TODO: what to do about each cause, and what shows that it worked.
        """ + "\n";

    private static string Samples() =>
        """
        samples: []
        nearMisses: []
        """ + "\n";
}
