using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Tocsin.Server.Access;
using Tocsin.Server.Access.Oidc;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Tests;

/// <summary>Signing in with an identity provider, through a browser's eyes: links, redirects and cookies.</summary>
public sealed class ProviderSignInTests
{
    private static readonly ImmutableArray<(Role, ImmutableArray<string>)> Roles = [(Role.Responder, ["engineers"]), (Role.Admin, ["leads"])];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_the_provider_vouches_for_is_in_with_the_role_of_their_groups()
    {
        await using var provider = await FakeProvider.StartAsync(Cancel);
        await using var world = await WorldAsync(provider, Roles);
        using var browser = Browser(world);
        Assert.Contains("Sign in with Company", await browser.GetStringAsync("/sign-in", Cancel), StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, "/incidents"), await EnterAsync(browser, "/incidents"));
        var account = Assert.Single(await AccountsAsync(world), a => a.Name == "ada");
        Assert.Equal("responder", account.Role);

        // The next sign-in is the same account; its role follows the groups.
        provider.Claims["groups"] = new[] { "engineers", "leads" };
        using var again = Browser(world);
        Assert.Equal(HttpStatusCode.OK, (await EnterAsync(again, "/")).Status);
        Assert.Equal((account.Id, "admin"), (await AccountsAsync(world)).Where(a => a.Name == "ada").Select(a => (a.Id, a.Role)).Single());
        Assert.Equal("", (await world.Host.Part<Reading.AuditTrail>().VerifyAsync(Cancel)).Problem);
    }

    [Fact]
    public async Task A_name_that_changed_hands_opens_no_account_of_somebody_else()
    {
        await using var provider = await FakeProvider.StartAsync(Cancel);
        await using var world = await WorldAsync(provider, Roles);
        using (var ada = Browser(world)) Assert.Equal(HttpStatusCode.OK, (await EnterAsync(ada, "/")).Status);
        provider.Claims["sub"] = "u-2";
        await RefusedAsync(world, HttpStatusCode.Forbidden, "somebody else");

        // Nor one that has a password here, which anyone at the provider could call themselves after.
        provider.Claims["preferred_username"] = "admin";
        await RefusedAsync(world, HttpStatusCode.Forbidden, "with a password here");
    }

    [Fact]
    public async Task Without_roles_only_those_are_let_in_for_whom_an_account_was_made()
    {
        await using var provider = await FakeProvider.StartAsync(Cancel);
        await using var world = await WorldAsync(provider, []);
        await RefusedAsync(world, HttpStatusCode.Forbidden, "There is no account ada");
        Assert.Equal(HttpStatusCode.Created, (await world.PostAsync("/api/v1/accounts", new { name = "ada", person = "engineer-1", role = "commander" })).StatusCode);
        using var browser = Browser(world);
        Assert.Equal(HttpStatusCode.OK, (await EnterAsync(browser, "/")).Status);
        Assert.Equal("commander", (await AccountsAsync(world)).Single(a => a.Name == "ada").Role);

        // Shut here is shut, whatever the provider says.
        await world.Host.Part<Accounts>().ShutAsync((await AccountsAsync(world)).Single(a => a.Name == "ada").Id, shut: true, "admin", Cancel);
        await RefusedAsync(world, HttpStatusCode.Forbidden, "is shut");
    }

    [Fact]
    public async Task Somebody_without_a_group_stays_outside()
    {
        await using var provider = await FakeProvider.StartAsync(Cancel);
        await using var world = await WorldAsync(provider, Roles);
        provider.Claims["groups"] = new[] { "guests" };
        await RefusedAsync(world, HttpStatusCode.Forbidden, "in no group");
        Assert.DoesNotContain(await AccountsAsync(world), a => a.Name == "ada");
    }

    [Theory]
    [InlineData("none", "signature")]
    [InlineData("hmac", "signature")]
    [InlineData("other key", "signature")]
    [InlineData("changed", "signature")]
    [InlineData("audience", "another program")]
    [InlineData("issuer", "another provider")]
    [InlineData("nonce", "another sign-in")]
    [InlineData("ended", "ended")]
    [InlineData("to come", "a time to come")]
    [InlineData("nobody", "names nobody")]
    [InlineData("no name", "preferred_username")]
    public async Task A_token_that_is_not_as_it_must_be_lets_nobody_in(string how, string said)
    {
        await using var provider = await FakeProvider.StartAsync(Cancel);
        await using var world = await WorldAsync(provider, Roles);
        using var other = RSA.Create(2048);
        provider.Spoil = (head, body) => Spoil(how, head, body, world.Time.GetUtcNow().ToUnixTimeSeconds());
        provider.Sign = how switch
        {
            "none" => _ => [],
            "hmac" => data => HMACSHA256.HashData(Encoding.UTF8.GetBytes(FakeProvider.Secret), data),
            "other key" => data => other.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            "changed" => data => other.SignData([.. data, 0], HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            _ => null,
        };
        await RefusedAsync(world, HttpStatusCode.BadGateway, said);
    }

    [Fact]
    public async Task A_key_that_the_provider_changed_is_asked_for()
    {
        await using var provider = await FakeProvider.StartAsync(Cancel);
        await using var world = await WorldAsync(provider, Roles);
        using (var browser = Browser(world)) Assert.Equal(HttpStatusCode.OK, (await EnterAsync(browser, "/")).Status);
        provider.ChangeKey();
        world.Time.Advance(TimeSpan.FromMinutes(1));
        using var later = Browser(world);
        Assert.Equal(HttpStatusCode.OK, (await EnterAsync(later, "/")).Status);
    }

    [Fact]
    public async Task An_answer_that_this_browser_did_not_ask_for_signs_nobody_in()
    {
        await using var provider = await FakeProvider.StartAsync(Cancel);
        await using var world = await WorldAsync(provider, Roles);
        using var attacker = Browser(world);
        var back = await CallbackAsync(attacker);
        using var victim = Browser(world);
        Assert.Equal(HttpStatusCode.BadRequest, (await victim.GetAsync(back, Cancel)).StatusCode);
        // Nor one who asked for another sign-in.
        await victim.GetAsync("/sign-in/provider", Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, (await victim.GetAsync(back, Cancel)).StatusCode);
        // Nor a second time, nor after ten minutes.
        Assert.Equal(HttpStatusCode.SeeOther, (await attacker.GetAsync(back, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await attacker.GetAsync(back, Cancel)).StatusCode);
        var late = await CallbackAsync(attacker);
        world.Time.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(HttpStatusCode.BadRequest, (await attacker.GetAsync(late, Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_link_leads_to_no_other_site_and_nothing_of_the_secret_is_kept()
    {
        await using var provider = await FakeProvider.StartAsync(Cancel);
        await using var world = await WorldAsync(provider, Roles);
        using var browser = Browser(world);
        Assert.Equal((HttpStatusCode.OK, "/"), await EnterAsync(browser, "//login.example.net/"));
        var kept = await world.Host.Part<Database>().ReadAsync((s, c) => s.QueryAsync<string>("select coalesce(who, '') || what || subject || detail from audit", null, c), Cancel);
        Assert.DoesNotContain(kept, k => k.Contains(FakeProvider.Secret, StringComparison.Ordinal));
        Assert.DoesNotContain(FakeProvider.Secret, world.Log.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_provider_that_is_away_is_said_and_passwords_go_on()
    {
        var provider = await FakeProvider.StartAsync(Cancel);
        await using var world = await WorldAsync(provider, Roles);
        await provider.DisposeAsync();
        using var browser = Browser(world);
        var answer = await browser.GetAsync("/sign-in/provider", Cancel);
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains("could not be asked", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync("/api/v1/sessions", new { name = "admin", password = "correct horse battery" })).StatusCode);
    }

    private static void Spoil(string how, Dictionary<string, object?> head, Dictionary<string, object?> body, long now)
    {
        switch (how)
        {
            case "none": head["alg"] = "none"; break;
            case "hmac": head["alg"] = "HS256"; break;
            case "audience": body["aud"] = new[] { "another" }; break;
            case "issuer": body["iss"] = "https://login.example.net"; break;
            case "nonce": body["nonce"] = "of another time"; break;
            case "ended": body["exp"] = now - 120; break;
            case "to come": body["iat"] = now + 3600; break;
            case "nobody": body["sub"] = ""; break;
            case "no name": body.Remove("preferred_username"); break;
            default: Assert.True(how is "other key" or "changed", how); break;
        }
    }

    private static async Task<TestWorld> WorldAsync(FakeProvider provider, ImmutableArray<(Role, ImmutableArray<string>)> roles)
    {
        var issuer = provider.Issuer;
        var world = await TestWorld.SqliteAsync(o => o with
        {
            AllowNetworks = [IPNetwork.Parse("127.0.0.0/8")],
            Oidc = new OidcSettings("Company", issuer, FakeProvider.Client, FakeProvider.Secret, "preferred_username", "groups", ["openid", "profile"], roles, Adopts: false),
        });
        provider.Now = world.Time.GetUtcNow;
        return world;
    }

    private static HttpClient Browser(TestWorld world) => new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() }) { BaseAddress = world.Host.Address };

    private static async Task<List<AccountRow>> AccountsAsync(TestWorld world) => await world.Host.Part<Accounts>().AllAsync(Cancel);

    // Follows the redirects as a browser does, up to a page.
    private static async Task<(HttpStatusCode Status, string Path)> EnterAsync(HttpClient browser, string to)
    {
        var at = new Uri(browser.BaseAddress!, $"/sign-in/provider?to={Uri.EscapeDataString(to)}");
        for (var hops = 0; ; hops++)
        {
            Assert.True(hops < 6, $"no end of redirects at {at}");
            using var answer = await browser.GetAsync(at, Cancel);
            if (answer.Headers.Location is not { } next) return (answer.StatusCode, at.PathAndQuery);
            at = new Uri(at, next);
        }
    }

    // Up to the address that the provider sends the browser back to.
    private static async Task<Uri> CallbackAsync(HttpClient browser)
    {
        using var gone = await browser.GetAsync("/sign-in/provider", Cancel);
        using var asked = await browser.GetAsync(gone.Headers.Location, Cancel);
        return asked.Headers.Location!;
    }

    private static async Task RefusedAsync(TestWorld world, HttpStatusCode status, string said)
    {
        using var browser = Browser(world);
        using var answer = await browser.GetAsync(await CallbackAsync(browser), Cancel);
        Assert.Equal(status, answer.StatusCode);
        Assert.Contains(said, WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Cancel)), StringComparison.Ordinal);
        using var page = await browser.GetAsync("/incidents", Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, page.StatusCode);
    }
}
