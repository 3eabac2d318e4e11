using Tocsin.Server.Incidents;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Access;

/// <summary>Somebody for whom an identity provider vouches.</summary>
/// <param name="Subject">Who it is at the provider, for good; a name may change hands.</param>
/// <param name="Role">By the provider's groups; null: whatever the account has.</param>
/// <param name="Adopts">Whether an account with a password is theirs because of its name.</param>
public sealed record Vouched(string Issuer, string Subject, string Name, Role? Role, bool Adopts);

/// <summary>Which account is whose at which provider. Kept by subject: somebody who takes over a name does not take over its account.</summary>
public sealed class Identities(Database database, Accounts accounts, PlanSource plan, TimeProvider time)
{
    private const int LongestName = 60;

    /// <summary>A session. Throws <see cref="AccessException"/> where there is no account for them.</summary>
    public Task<string> SignInAsync(Vouched who, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                var account = await s.FirstAsync<AccountRow>("select a.* from accounts a join identities i on i.account = a.id where i.issuer = @Issuer and i.subject = @Subject", new { who.Issuer, who.Subject }, c) ?? await LinkAsync(s, who, c);
                if (account.Disabled is not null) throw new AccessException($"the account {account.Name} is shut");
                account = await FollowAsync(s, account, who, c);
                await s.ExecuteAsync("update identities set used = @now where issuer = @Issuer and subject = @Subject", new { who.Issuer, who.Subject, now = Micros.Of(time.Now()) }, c);
                return await accounts.SessionAsync(s, account, c);
            },
            cancel);

    private async Task<AccountRow> LinkAsync(Session s, Vouched who, CancellationToken cancel)
    {
        var account = await s.FirstAsync<AccountRow>("select * from accounts where name = @Name", new { who.Name }, cancel);
        if (account is null) account = await MakeAsync(s, who, cancel);
        else if (await s.FirstAsync<long>("select count(*) from identities where account = @Id", new { account.Id }, cancel) > 0) throw new AccessException($"the account {who.Name} is somebody else's at the provider; an administrator decides whose it is");
        else if (account.Password.Length > 0 && !who.Adopts) throw new AccessException($"there is an account {who.Name} with a password here; sign in with that, or ask an administrator");
        var now = Micros.Of(time.Now());
        await s.ExecuteAsync("insert into identities (issuer, subject, account, linked) values (@Issuer, @Subject, @Id, @now)", new { who.Issuer, who.Subject, account.Id, now }, cancel);
        await AuditChain.AppendAsync(s, [new AuditEntry(now, account.Name, "identity linked", account.Name, $"{who.Subject} at {who.Issuer}", "")], cancel);
        return account;
    }

    private async Task<AccountRow> MakeAsync(Session s, Vouched who, CancellationToken cancel)
    {
        if (who.Role is not { } role) throw new AccessException($"there is no account {who.Name} here; ask an administrator for one");
        if (who.Name.Length > LongestName || who.Name.Any(x => char.IsControl(x) || char.IsWhiteSpace(x))) throw new AccessException($"the provider's name for you is no name for an account: up to {LongestName} characters without blanks");
        return await accounts.MakeAsync(s, who.Name, plan.Now.Roster.People.ContainsKey(who.Name) ? who.Name : "", role, cancel);
    }

    private async Task<AccountRow> FollowAsync(Session s, AccountRow account, Vouched who, CancellationToken cancel)
    {
        if (who.Role?.ToString().ToLowerInvariant() is not { } role || role == account.Role) return account;
        await s.ExecuteAsync("update accounts set role = @role where id = @Id", new { role, account.Id }, cancel);
        await AuditChain.AppendAsync(s, [new AuditEntry(Micros.Of(time.Now()), account.Name, "role changed", account.Name, $"from {account.Role} to {role}, by the provider's groups", "")], cancel);
        return account with { Role = role };
    }
}
