using System.Text.Json.Nodes;
using static Tocsin.Core.Diagnosis.CanonicalJson;

namespace Tocsin.Core.Diagnosis;

/// <summary>A diagnosis as bytes: canonical, so that a replay can be compared.</summary>
public static class DiagnosisJson
{
    public static byte[] Write(DiagnosisReport diagnosis) => Bytes(Object(
        ("verdict", Text(Names.Of(diagnosis.Verdict))),
        ("platform", Text(diagnosis.Platform)),
        ("environment", Text(diagnosis.Environment)),
        ("bundle", Text(diagnosis.Bundle)),
        ("catalog", Text(diagnosis.Catalog)),
        ("at", Time(diagnosis.At)),
        ("causes", Array(diagnosis.Causes, Node)),
        ("rivals", Array(diagnosis.Rivals, Node)),
        ("consequences", Array(diagnosis.Consequences, Node)),
        ("ruledOut", Array(diagnosis.RuledOut, r => Object(("cause", Text(r.Id)), ("at", BundleJson.Node(r.At)), ("why", Text(r.Why))))),
        ("findings", Array(diagnosis.Findings, Node)),
        ("unexplained", Array(diagnosis.Unexplained, Node)),
        ("past", Array(diagnosis.Past, m => Object(("entry", Text(m.Entry)), ("at", BundleJson.Node(m.Subject)), ("last", Time(m.Last))))),
        ("missing", Array(diagnosis.Missing, Node)),
        ("coverage", Object(("evidence", JsonValue.Create(diagnosis.Coverage.Evidence)), ("tried", JsonValue.Create(diagnosis.Coverage.Tried)))),
        ("next", diagnosis.Next is { } next ? Node(next) : null)));

    private static JsonObject Node(RankedCause cause) => Object(
        ("cause", Text(cause.Id)),
        ("title", Text(cause.Title)),
        ("at", BundleJson.Node(cause.At)),
        ("feltAt", Array(cause.FeltAt, BundleJson.Node)),
        ("standing", Text(Names.Of(cause.Standing))),
        ("score", JsonValue.Create(cause.Score)),
        ("lead", cause.Lead is { } lead ? JsonValue.Create(lead) : null),
        ("for", Array(cause.For, Node)),
        ("against", Array(cause.Against, Node)),
        ("missing", Array(cause.Missing, Node)),
        ("explains", Array(cause.Explains)),
        ("doesNotExplain", Array(cause.DoesNotExplain)),
        ("flips", Array(cause.Flips, f => Object(("if", Text(f.If)), ("thenLeads", Text(f.ThenLeads))))),
        ("fixes", Array(cause.Fixes)));

    private static JsonObject Node(Claim claim) => Object(
        ("points", JsonValue.Create(claim.Points)),
        ("counts", JsonValue.Create(claim.Counts)),
        ("group", Text(claim.Group)),
        ("says", Text(claim.Says)),
        ("because", Text(claim.Because)),
        ("by", Text(claim.By)),
        ("compared", Text(claim.Compared)));

    private static JsonObject Node(MissingEvidence missing) => Object(
        ("asks", Text(missing.Asks)),
        ("by", Text(missing.By)),
        ("why", Text(missing.Why)),
        ("needed", missing.Needed ? JsonValue.Create(true) : null));

    private static JsonObject Node(Finding finding) => Object(
        ("kind", Text(Names.Of(finding.Kind))),
        ("what", Text(finding.What)),
        ("at", BundleJson.Node(finding.Subject)),
        ("by", Text(finding.By)),
        ("because", Text(finding.Because)),
        ("since", Time(finding.Since)));

    private static JsonObject Node(NextCheck check) => Object(
        ("probe", Text(check.Probe)),
        ("fact", Text(check.Fact)),
        ("at", BundleJson.Node(check.Subject)),
        ("separation", JsonValue.Create(check.Separation)),
        ("cost", JsonValue.Create(check.Cost)),
        ("answers", Array(check.Answers, a => Object(("value", Text(a.Value)), ("favours", Text(a.Favours))))),
        ("missing", Text(check.Missing)));
}
