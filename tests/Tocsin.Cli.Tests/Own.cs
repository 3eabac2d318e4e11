using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Cli.Tests;

/// <summary>Entries of a user's own catalog.</summary>
internal static class Own
{
    public static string Entry(Workplace at, string path, string pattern)
    {
        var parts = path.Split('/');
        at.Write($"{path}/entry.yaml", Yaml(parts[^2], parts[^1], pattern));
        return at[path];
    }

    public static string Yaml(string layer, string id, string pattern) =>
        $"""
        id: {id}
        title: The words of {id}
        layer: {layer}
        component: core-api
        service: core-api
        summary: What it means.
        signatures:
          - id: message
            says: component
            any:
              - {pattern}
        page:
          never: A test pages nobody.
        causes:
          - id: only
            title: The only cause
            prior: common
            evidence:
              - saw: message
                for: weak
                group: text
                because: It says so
            fixes: [mend]
        fixes:
          - id: mend
            title: Mend it
            does: Mend what is broken.
            verify: It works.

        """;
}
