namespace Tocsin.Lab.Tests.Components;

/// <summary>Tests that take turns on one full lab: another for each class would cost a minute of processor each. What sets the lab's own ways has one for itself.</summary>
[CollectionDefinition(Shared)]
public sealed class FullLabs : ICollectionFixture<FullLab>
{
    public const string Shared = "one full lab";
}

/// <summary>A turn on the full lab. One that fails in its middle leaves nothing broken for the next.</summary>
public abstract class FullLabTurn(FullLab full) : IAsyncDisposable
{
    private protected FullLab Full => full;

    public async ValueTask DisposeAsync()
    {
        if (TestContext.Current.TestState is { Result: TestResult.Failed }) await full.HealAsync();
        GC.SuppressFinalize(this);
    }
}
