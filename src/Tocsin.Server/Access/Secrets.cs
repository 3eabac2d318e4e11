using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Access;

/// <summary>Passwords and tokens. What is kept tells whether one is right, and not what it is.</summary>
public static class Secrets
{
    private const int Rounds = 600_000;
    private const int Length = 32;

    /// <summary>A new token; only its <see cref="Digest"/> is kept.</summary>
    public static string Token(string prefix) => prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Length));

    // Fast is right here: the token is chance itself, nobody guesses it.
    public static string Digest(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    public static string Hash(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        return string.Create(CultureInfo.InvariantCulture, $"pbkdf2-sha256:{Rounds}:{Convert.ToBase64String(salt)}:{Convert.ToBase64String(Derive(password, salt, Rounds))}");
    }

    public static bool Matches(string password, string hash) =>
        hash.Split(':') is ["pbkdf2-sha256", var rounds, var salt, var derived]
        && CryptographicOperations.FixedTimeEquals(Convert.FromBase64String(derived), Derive(password, Convert.FromBase64String(salt), int.Parse(rounds, CultureInfo.InvariantCulture)));

    /// <summary>The key of this installation for signing links; made at the first start.</summary>
    public static async Task<byte[]> SigningKeyAsync(Database database, CancellationToken cancel) =>
        Convert.FromHexString(await database.WriteAsync(
            async (s, c) =>
            {
                await s.ExecuteAsync("insert into secrets (name, value) values ('links', @value) on conflict (name) do nothing", new { value = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Length)) }, c);
                return (await s.FirstAsync<string>("select value from secrets where name = 'links'", null, c))!;
            },
            cancel));

    private static byte[] Derive(string password, byte[] salt, int rounds) => Rfc2898DeriveBytes.Pbkdf2(password, salt, rounds, HashAlgorithmName.SHA256, Length);
}
