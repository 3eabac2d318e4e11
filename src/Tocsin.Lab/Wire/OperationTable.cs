namespace Tocsin.Lab.Wire;

/// <summary>Every operation of the stand-in, by service and name.</summary>
public sealed class OperationTable
{
    private readonly Dictionary<(string Service, string Name), Operation> operations = [];

    public OperationTable(IEnumerable<Operation> all)
    {
        foreach (var operation in all)
        {
            if (!operations.TryAdd((operation.Service, operation.Name), operation)) throw new InvalidOperationException($"{operation.Service}:{operation.Name} is there twice");
        }
    }

    public IEnumerable<Operation> All => operations.Values.OrderBy(o => o.Service, StringComparer.Ordinal).ThenBy(o => o.Name, StringComparer.Ordinal);

    public Operation? Find(string service, string name) => operations.GetValueOrDefault((service, name));
}
