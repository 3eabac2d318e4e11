using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Json;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Tocsin.Collect.Files;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Incidents;
using Tocsin.Server.Incidents;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;
using Tocsin.Server.Web;

namespace Tocsin.Web.Tests;

/// <summary>A server with its pages, and a browser without a script that is signed in to it.</summary>
internal sealed class Site : IAsyncDisposable
{
    public const string Password = "correct horse battery";
    private static readonly Lazy<ErrorReference> Whole = new(() => CatalogFiles.Read([new CatalogRoot(Path.Combine(TestWorld.Root, "catalog"), Shipped: true)]));

    private Site(TestWorld world, HttpClient browser) => (World, Browser) = (world, browser);

    public static ErrorReference Reference => Whole.Value;

    public TestWorld World { get; }

    public HttpClient Browser { get; }

    public Uri Address => World.Host.Address;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<Site> StartAsync(Func<ServerOptions, ServerOptions>? change = null)
    {
        var world = await TestWorld.SqliteAsync(o => (change ?? (x => x))(o with { Web = new WebOptions { Reference = Reference, Drill = DrillAsync, Judge = Judge, Compare = FakeLooks.CompareAsync, Check = FakeLooks.CheckAsync, Lab = new FakeLab().Door } }));
        var site = new Site(world, Fresh(world.Host.Address));
        await site.SignInAsync(site.Browser, "admin");
        return site;
    }

    /// <summary>A browser that has never been here.</summary>
    public HttpClient Stranger() => Fresh(Address);

    /// <summary>Somebody of this role, signed in.</summary>
    public async Task<HttpClient> PersonAsync(string name, string role, string person = "")
    {
        await InviteAsync(name, role, person);
        var browser = Stranger();
        await SignInAsync(browser, name);
        return browser;
    }

    public async Task InviteAsync(string name, string role, string person = "")
    {
        using var invited = await World.PostAsync("/api/v1/accounts", new { name, person, role });
        var link = (await invited.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Cancel)).GetProperty("link").GetString()!;
        using var stranger = Stranger();
        using var form = new FormUrlEncodedContent([new("password", Password)]);
        using var taken = await stranger.PostAsync(new Uri(link).AbsolutePath, form, Cancel);
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
    }

    public async Task SignInAsync(HttpClient browser, string name)
    {
        using var form = new FormUrlEncodedContent([new("name", name), new("password", Password), new("to", "/incidents")]);
        using var answer = await browser.PostAsync("/sign-in", form, Cancel);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Equal("/incidents", answer.Headers.Location!.ToString());
    }

    public Task<IDocument> PageAsync(string path, HttpStatusCode status = HttpStatusCode.OK) => PageAsync(Browser, path, status);

    public static async Task<IDocument> PageAsync(HttpClient browser, string path, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var answer = await browser.GetAsync(path, Cancel);
        Assert.Equal(status, answer.StatusCode);
        return await ReadAsync(answer);
    }

    public static async Task<IDocument> ReadAsync(HttpResponseMessage answer) => new HtmlParser().ParseDocument(await answer.Content.ReadAsStringAsync(Cancel));

    /// <summary>Fills the form with this action on a page and sends it, as a browser without a script does.</summary>
    public async Task<HttpResponseMessage> SendAsync(string page, string action, params (string Name, string Value)[] fields) => await SendAsync(Browser, page, action, fields);

    public static async Task<HttpResponseMessage> SendAsync(HttpClient browser, string page, string action, params (string Name, string Value)[] fields)
    {
        var form = (await PageAsync(browser, page)).QuerySelectorAll("form").First(f => f.GetAttribute("action") == action);
        // Of several forms with one action, what is given says which is meant.
        var values = form.QuerySelectorAll("input[type=hidden]").Where(i => !fields.Any(f => f.Name == i.GetAttribute("name"))).Select(i => KeyValuePair.Create(i.GetAttribute("name")!, i.GetAttribute("value") ?? ""));
        using var content = new FormUrlEncodedContent([.. values, .. fields.Select(f => KeyValuePair.Create(f.Name, f.Value))]);
        return await browser.PostAsync(action, content, Cancel);
    }

    public async Task<string> DeclareAsync(string title, string severity = "P1", string service = "core-api")
    {
        using var answer = await SendAsync("/", "/incidents", ("title", title), ("severity", severity), ("environment", "production"), ("service", service));
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        await World.SettleAsync();
        return answer.Headers.Location!.ToString().Split('/')[^1].Split('?')[0];
    }

    public Task DiagnoseAsync(string incident, string verdict, string cause, string next) =>
        World.Host.Part<IncidentDesk>().DoAsync(IncidentIds.Parse(incident)!.Value, new IncidentCommand.AttachDiagnosis("", new AttachedDiagnosis(verdict, cause, next, "3f9a6c0d71e2")), null, Cancel);

    public async Task<string> HeldByAsync(string incident) => (await World.GetAsync($"/api/v1/incidents/{incident}")).GetProperty("summary").GetProperty("heldBy").GetString()!;

    public async ValueTask DisposeAsync()
    {
        Browser.Dispose();
        await World.DisposeAsync();
    }

    private static HttpClient Fresh(Uri address) => new(new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() }) { BaseAddress = address };

    // What a drill gives, made of a bundle that was put together by hand; the diagnosis is the real one.
    private static async Task<DrillSeen> DrillAsync(string environment, string service, Action<Observation> seen, CancellationToken cancel)
    {
        var catalog = DiagnosisCatalog.Build(Reference.Entries.Select(e => e.Entry), Reference.Facts);
        var observations = ImmutableArray.Create(
            Look("ecs.service", environment, service, ObservationStatus.Ok, ("desired", "2"), ("running", "0")),
            Look("ecs.stopped-tasks", environment, service, ObservationStatus.Denied) with { Note = "ecs:ListTasks" });
        foreach (var observation in observations)
        {
            await Task.Delay(50, cancel);
            seen(observation);
        }
        var bundle = new EvidenceBundle { Platform = "test", Environment = environment, Services = [service], Catalog = catalog.Digest, CollectedAt = TestWorld.Start, Observations = observations, Matches = [], Topology = Topology.Of(new Core.Platforms.Platform("test", "Test", ImmutableDictionary<string, string>.Empty, [], [])) };
        return new DrillSeen(bundle, Judge(bundle), "000000000000", Lab: true, 0.1);
    }

    private static DiagnosisReport Judge(EvidenceBundle bundle) => Diagnoser.Diagnose(bundle, DiagnosisCatalog.Build(Reference.Entries.Select(e => e.Entry), Reference.Facts));

    private static Observation Look(string probe, string environment, string service, ObservationStatus status, params (string Name, string Value)[] facts) => new()
    {
        Probe = probe,
        Subject = new Subject(environment, service),
        Vantage = Vantage.Api,
        Status = status,
        At = TestWorld.Start,
        Facts = facts.ToImmutableSortedDictionary(f => f.Name, f => f.Value, StringComparer.Ordinal),
    };
}
