using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Tocsin.Server.Tests;

/// <summary>The server's log. An error that the test did not expect fails it.</summary>
internal sealed class TestLog : ILoggerProvider
{
    private readonly ConcurrentQueue<string> errors = new();
    private readonly ConcurrentQueue<string> all = new();

    public IReadOnlyList<string> Errors => [.. errors];

    public string All => string.Join('\n', all);

    public void Forgive() => errors.Clear();

    public ILogger CreateLogger(string categoryName) => new Writer(this, categoryName);

    public void Dispose() => all.Clear();

    private sealed class Writer(TestLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = $"{logLevel} {category}: {formatter(state, exception)} {exception}";
            log.all.Enqueue(line);
            if (logLevel >= LogLevel.Error) log.errors.Enqueue(line);
        }
    }
}
