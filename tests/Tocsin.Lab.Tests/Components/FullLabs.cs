namespace Tocsin.Lab.Tests.Components;

/// <summary>Tests that take turns on one full lab: another for each class would cost a minute of processor each. What sets the lab's own ways has one for itself.</summary>
[CollectionDefinition(Shared)]
public sealed class FullLabs : ICollectionFixture<FullLab>
{
    public const string Shared = "one full lab";
}
