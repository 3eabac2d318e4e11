using Tocsin.Server.Notify;

namespace Tocsin.Server.Clock;

/// <summary>What the server does about its own failures.</summary>
public sealed record SelfCare(SelfAlarm Alarm, DatabasePulse Pulse, Watchdog Dog);
