using NodaTime;
namespace Tocsin.Core.Signals;
public static class LogTime { public static Instant? Find(ReadOnlySpan<byte> line, Instant reference) => null; }
