using Tocsin.Server.Notify;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Clock;

/// <summary>What the server does about its own failures, to stay small, and about what ends by itself.</summary>
public sealed record SelfCare(SelfAlarm Alarm, DatabasePulse Pulse, Watchdog Dog, Retention Old, MaintenanceNotices Notices, TurnStarts Turns);
