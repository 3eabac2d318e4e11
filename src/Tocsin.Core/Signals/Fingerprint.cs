namespace Tocsin.Core.Signals;
public static class Fingerprint { public static string Generalise(string text) => text; public static string Of(string entryId, string signatureId, string text) => text; }
