using Tocsin.Core.Catalog;

namespace Tocsin.Core.Diagnosis;

/// <summary>
/// The numbers of the scale: ten decibans are ten to one. Why they are as they are: docs/decisions/0009-weighing-causes.md.
/// The weights of evidence rules are those of <see cref="Weight"/>.
/// </summary>
public static class Decibans
{
    /// <summary>A cause of an entry of which no text was found: many faults print something, not all.</summary>
    public const int TextNotSeen = -5;

    /// <summary>What a cause is said to rest on was changed only after the trouble began.</summary>
    public const int ChangedAfterOnset = -10;

    /// <summary>From here a cause may be called Confirmed: 32 to 1.</summary>
    public const int Confirmed = 15;

    /// <summary>How far a confirmed cause is before every rival: ten times as likely.</summary>
    public const int ConfirmedLead = 10;

    /// <summary>From here a cause may be called Likely: 5 to 1.</summary>
    public const int Likely = 7;

    /// <summary>How far a likely cause is before every rival: three times as likely.</summary>
    public const int LikelyLead = 5;

    /// <summary>What an answer that rules a cause out is worth when checks are compared; beyond every sum that occurs.</summary>
    public const int RuledOut = -60;

    /// <summary>Rare is a quarter as frequent as common, uncommon a half.</summary>
    public static int Of(Prior prior) => prior switch
    {
        Prior.Common => 0,
        Prior.Uncommon => -3,
        Prior.Rare => -6,
        _ => throw new ArgumentOutOfRangeException(nameof(prior), prior, "unknown prior"),
    };
}
