using Tocsin.Lab.Runtime;

namespace Tocsin.Lab.Tests.Life;

internal static class LabMark
{
    /// <summary>Processes that carry this lab's mark.</summary>
    public static List<int> Processes(this LabProgram program) => ProcessTable.Marked(program.Folder);
}
