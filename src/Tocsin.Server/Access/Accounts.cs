using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Access;

public sealed record AccountRow(string Id, string Name, string Person, string Role, string Password, long Created, long? Disabled);

/// <summary>A token without the token itself.</summary>
public sealed record TokenRow(string Id, string Account, string Kind, string Name, string Scopes, long Created, long? Expires, long? Used, long? Revoked);

/// <summary>An account could not be made, changed or used; the message says why.</summary>
public sealed class AccessException(string message) : Exception(message);

/// <summary>People with their roles, and the tokens by which programs and browsers act for them.</summary>
public sealed class Accounts(Database database, TimeProvider time)
{
    public const string Api = "api";
    public const string Session = "session";
    public const string Invitation = "invitation";
    private const int ShortestPassword = 12;
    private const int MostFailures = 10;
    private static readonly Duration FailureWindow = Duration.FromMinutes(15);
    private static readonly Duration SessionLife = Duration.FromHours(12);
    private static readonly Duration InvitationLife = Duration.FromDays(3);
    private readonly Dictionary<string, List<Instant>> failures = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <summary>At the very first start: an administrator without a password, and the invitation by which somebody becomes it. Null: there are accounts.</summary>
    public Task<string?> FirstInvitationAsync(CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                if (s.Dialect.LockSchema.Length > 0) await s.ExecuteAsync(s.Dialect.LockSchema, null, c);
                if (await s.FirstAsync<long>("select count(*) from accounts where password <> ''", null, c) > 0) return null;
                var admin = await s.FirstAsync<AccountRow>("select * from accounts where name = 'admin'", null, c) ?? await CreateAsync(s, "admin", "", Role.Admin, "", c);
                return (string?)await IssueAsync(s, admin, Invitation, "first start", Scopes.All, InvitationLife, "", c);
            },
            cancel);

    public Task<string> InviteAsync(string name, string person, Role role, string by, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                if (name.Length is 0 or > 60 || !name.All(x => char.IsAsciiLetterOrDigit(x) || x is '-' or '.' or '_')) throw new AccessException("a name has 1 to 60 letters, digits, dots, dashes and underscores");
                if (await s.FirstAsync<long>("select count(*) from accounts where name = @name", new { name }, c) > 0) throw new AccessException($"there is an account {name} already");
                return await IssueAsync(s, await CreateAsync(s, name, person, role, by, c), Invitation, "invitation", Scopes.All, InvitationLife, by, c);
            },
            cancel);

    /// <summary>Takes an invitation, once: sets the password and gives a token for programs.</summary>
    public Task<string> AcceptAsync(string invitation, string password, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                if (password.Length < ShortestPassword) throw new AccessException($"a password has at least {ShortestPassword} characters");
                var token = await UsableAsync(s, invitation, Invitation, c) ?? throw new AccessException("this invitation was used, or has ended; ask for a new one");
                await s.ExecuteAsync("update tokens set revoked = @now where id = @Id", new { token.Id, now = Now() }, c);
                await s.ExecuteAsync("update accounts set password = @hash where id = @Account", new { token.Account, hash = Secrets.Hash(password) }, c);
                var account = (await s.FirstAsync<AccountRow>("select * from accounts where id = @Account", new { token.Account }, c))!;
                return await IssueAsync(s, account, Api, "from the invitation", Scopes.All, null, account.Name, c);
            },
            cancel);

    /// <summary>A session for a name and its password; null where they are wrong. Whoever guesses too often waits.</summary>
    public async Task<string?> LogInAsync(string name, string password, CancellationToken cancel)
    {
        if (Failures(name).Count >= MostFailures) throw new AccessException($"too many wrong passwords; wait {Words.Length(FailureWindow)}");
        var account = await database.ReadAsync((s, c) => s.FirstAsync<AccountRow>("select * from accounts where name = @name and disabled is null", new { name }, c), cancel);
        if (account is null || account.Password.Length == 0 || !Secrets.Matches(password, account.Password))
        {
            lock (gate) Failures(name).Add(time.Now());
            return null;
        }
        return await database.WriteAsync((s, c) => IssueAsync(s, account, Session, "session", Scopes.All, SessionLife, account.Name, c), cancel);
    }

    /// <summary>A token for programs, with at most the scopes given.</summary>
    public Task<string> IssueAsync(string account, string name, IReadOnlyList<string> scopes, Duration? life, string by, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                var unknown = scopes.Except(Scopes.All, StringComparer.Ordinal).FirstOrDefault();
                if (unknown is not null || scopes.Count == 0) throw new AccessException($"{unknown ?? "no scope"} is not a scope; known: {string.Join(", ", Scopes.All)}");
                var row = await s.FirstAsync<AccountRow>("select * from accounts where id = @account or name = @account", new { account }, c) ?? throw new AccessException($"there is no account {account}");
                return await IssueAsync(s, row, Api, name, scopes, life, by, c);
            },
            cancel);

    public Task<List<TokenRow>> TokensAsync(CancellationToken cancel) =>
        database.ReadAsync((s, c) => s.QueryAsync<TokenRow>("select id, account, kind, name, scopes, created, expires, used, revoked from tokens order by created", null, c), cancel);

    public Task<List<AccountRow>> AllAsync(CancellationToken cancel) =>
        database.ReadAsync((s, c) => s.QueryAsync<AccountRow>("select id, name, person, role, '' as password, created, disabled from accounts order by name", null, c), cancel);

    public Task<bool> RevokeAsync(string id, string by, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                var done = await s.ExecuteAsync("update tokens set revoked = @now where id = @id and revoked is null", new { id, now = Now() }, c) == 1;
                if (done) await AuditChain.AppendAsync(s, [new AuditEntry(Now(), by, "token revoked", id, "", "")], c);
                return done;
            },
            cancel);

    /// <summary>A new invitation for somebody who is there already, such as one whose password is lost.</summary>
    public Task<string> InviteAgainAsync(string id, string by, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) => await IssueAsync(s, await s.FirstAsync<AccountRow>("select * from accounts where id = @id and disabled is null", new { id }, c) ?? throw new AccessException("there is no such account, or it is shut"), Invitation, "invitation", Scopes.All, InvitationLife, by, c),
            cancel);

    /// <summary>Shuts an account, so that its sessions and tokens no longer hold, or opens it again. The last open administrator stays.</summary>
    public Task ShutAsync(string id, bool shut, string by, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                var row = await s.FirstAsync<AccountRow>("select * from accounts where id = @id", new { id }, c) ?? throw new AccessException("there is no such account");
                if (shut && row.Role == "admin" && await s.FirstAsync<long>("select count(*) from accounts where role = 'admin' and disabled is null and id <> @id", new { id }, c) == 0) throw new AccessException("the last administrator stays");
                await s.ExecuteAsync("update accounts set disabled = @at where id = @id", new { id, at = shut ? Now() : (long?)null }, c);
                await AuditChain.AppendAsync(s, [new AuditEntry(Now(), by, shut ? "account shut" : "account opened", row.Name, "", "")], c);
            },
            cancel);

    /// <summary>Ends a session by its own token.</summary>
    public Task EndAsync(string token, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                if (await UsableAsync(s, token, Session, c) is not { } row) return;
                await s.ExecuteAsync("update tokens set revoked = @now where id = @Id", new { row.Id, now = Now() }, c);
                await AuditChain.AppendAsync(s, [new AuditEntry(Now(), row.Name, "session ended", row.Id, "", "")], c);
            },
            cancel);

    /// <summary>Who a token stands for; null where it is unknown, revoked or over.</summary>
    public async Task<Caller?> CallerAsync(string token, CancellationToken cancel)
    {
        var found = await database.ReadAsync(
            async (s, c) => await UsableAsync(s, token, "", c) is { } row && row.Kind != Invitation && await s.FirstAsync<AccountRow>("select * from accounts where id = @Account and disabled is null", new { row.Account }, c) is { } account ? (row, account) : ((TokenRow, AccountRow)?)null,
            cancel);
        return found is var (row, account) ? Caller(account, row.Scopes.Split(' '), row.Kind) : null;
    }

    /// <summary>The account that a trusted proxy names.</summary>
    public async Task<Caller?> OfProxyAsync(string name, CancellationToken cancel) =>
        await database.ReadAsync((s, c) => s.FirstAsync<AccountRow>("select * from accounts where name = @name and disabled is null", new { name }, c), cancel) is { } account ? Caller(account, Scopes.All, "proxy") : null;

    /// <summary>A session for an account whose owner is known by other means than a password.</summary>
    internal Task<string> SessionAsync(Session s, AccountRow account, CancellationToken cancel) => IssueAsync(s, account, Session, "session", Scopes.All, SessionLife, account.Name, cancel);

    /// <summary>An account that has no password, and makes itself by an identity provider.</summary>
    internal Task<AccountRow> MakeAsync(Session s, string name, string person, Role role, CancellationToken cancel) => CreateAsync(s, name, person, role, name, cancel);

    private static Caller Caller(AccountRow account, IReadOnlyList<string> scopes, string kind) =>
        new(account.Name, account.Person.Length > 0 ? account.Person : account.Name, account.Person, Enum.Parse<Role>(account.Role, ignoreCase: true), scopes, kind);

    private async Task<TokenRow?> UsableAsync(Session s, string token, string kind, CancellationToken cancel) =>
        await s.FirstAsync<TokenRow>(
            "select id, account, kind, name, scopes, created, expires, used, revoked from tokens where digest = @digest and revoked is null and (expires is null or expires > @now) and (@kind = '' or kind = @kind)",
            new { digest = Secrets.Digest(token), now = Now(), kind },
            cancel);

    private async Task<AccountRow> CreateAsync(Session s, string name, string person, Role role, string by, CancellationToken cancel)
    {
        var row = new AccountRow(NewId(), name, person, role.ToString().ToLowerInvariant(), "", Now(), null);
        await s.ExecuteAsync("insert into accounts (id, name, person, role, password, created) values (@Id, @Name, @Person, @Role, @Password, @Created)", row, cancel);
        await AuditChain.AppendAsync(s, [new AuditEntry(row.Created, by, "account created", name, row.Role, "")], cancel);
        return row;
    }

    private async Task<string> IssueAsync(Session s, AccountRow account, string kind, string name, IReadOnlyList<string> scopes, Duration? life, string by, CancellationToken cancel)
    {
        var token = Secrets.Token(kind switch { Invitation => "tci_", Session => "tcs_", _ => "tct_" });
        var row = new { Id = NewId(), digest = Secrets.Digest(token), account = account.Id, kind, name, scopes = string.Join(' ', scopes), now = Now(), expires = life is { } given ? Micros.Of(time.Now() + given) : (long?)null };
        await s.ExecuteAsync("insert into tokens (id, digest, account, kind, name, scopes, created, expires) values (@Id, @digest, @account, @kind, @name, @scopes, @now, @expires)", row, cancel);
        await AuditChain.AppendAsync(s, [new AuditEntry(row.now, by, $"{kind} issued", account.Name, $"{name}: {row.scopes}", "")], cancel);
        return token;
    }

    private List<Instant> Failures(string name)
    {
        lock (gate)
        {
            if (!failures.TryGetValue(name, out var all)) failures[name] = all = [];
            all.RemoveAll(t => time.Now() - t > FailureWindow);
            if (failures.Count > 10_000) failures.Clear();
            return all;
        }
    }

    private string NewId() => Guid.CreateVersion7(time.GetUtcNow()).ToString();

    private long Now() => Micros.Of(time.Now());
}
