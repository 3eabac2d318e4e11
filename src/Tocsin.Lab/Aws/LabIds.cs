using System.Security.Cryptography;
using System.Text;

namespace Tocsin.Lab.Aws;

/// <summary>Names and ids of the stand-in's account.</summary>
public static class LabIds
{
    /// <summary>No real account has this id, so nothing of the lab can be taken for something real.</summary>
    public const string Account = "000000000000";

    private const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public static string Arn(string service, string region, string rest) => $"arn:aws:{service}:{region}:{Account}:{rest}";

    /// <summary>Random lower-case hexadecimal digits.</summary>
    public static string Hex(int digits) => RandomNumberGenerator.GetHexString(digits, lowercase: true);

    public static string Digits(int count) => RandomNumberGenerator.GetString("0123456789", count);

    /// <summary>Random letters and digits, as in the six that end a secret's ARN.</summary>
    public static string Mixed(int count) => RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", count);

    public static string Key(string prefix) => prefix + RandomNumberGenerator.GetString(Base32, 20 - prefix.Length);

    /// <summary>Letters that a name always gives.</summary>
    public static string Letters(string name, int count) => string.Concat(SHA256.HashData(Encoding.UTF8.GetBytes(name)).Select(b => Base32[b % 32]))[..count];

    public static string Uuid() => new Guid(RandomNumberGenerator.GetBytes(16)).ToString();
}
