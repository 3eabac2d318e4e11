using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Core.Platforms;
using Tocsin.Core.Response.Actions;
using Tocsin.Lab.Aws;
using Tocsin.Lab.Aws.Iam;

namespace Tocsin.Lab.Platform;

/// <summary>The role that guarded actions assume: it may do exactly what they take.</summary>
internal static class ActingRole
{
    public const string Name = "tocsin-acting";

    public static Principal Of(Instant now)
    {
        var role = new Principal(Name, isRole: true, now) { Trust = (JsonObject)JsonNode.Parse($$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::{{LabIds.Account}}:root"},"Action":"sts:AssumeRole"}]}""")! };
        var actions = ActionTable.All.SelectMany(a => ActionPermissions.Of(a.Id) ?? []).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        role.Inline["guarded-actions"] = Policy.Read(new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = new JsonArray(new JsonObject { ["Effect"] = "Allow", ["Action"] = new JsonArray([.. actions.Select(a => (JsonNode)a)]), ["Resource"] = "*" }) }.ToJsonString());
        return role;
    }
}
