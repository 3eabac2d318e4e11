using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Tocsin.Cli.Tests.Processes;

/// <summary>How one run of the program ended.</summary>
internal sealed record Ended(int Code, string Out, string Error)
{
    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public JsonElement Json => JsonDocument.Parse(Out).RootElement;

    /// <summary>Each line of NDJSON.</summary>
    public JsonElement[] Objects => [.. Lines.Select(l => JsonDocument.Parse(l).RootElement)];

    /// <summary>The finds of scan's NDJSON as file:line:offset error.</summary>
    public IEnumerable<string> Finds => Objects.SkipLast(1).Select(o => $"{Path.GetFileName(o.GetProperty("file").GetString())}:{o.GetProperty("line")}:{o.GetProperty("offset")} {o.GetProperty("error")}");
}

/// <summary>The real executable, run as a process in a folder of its own, without the caller's settings.</summary>
internal sealed class Workplace : IDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    public string Folder { get; } = Directory.CreateTempSubdirectory("tocsin-cli-").FullName;

    public string this[string name] => Path.Combine(Folder, name);

    public string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    public string Write(string name, byte[] bytes)
    {
        var file = this[name];
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, bytes);
        return file;
    }

    public Ended Run(params string[] arguments) => RunWith("", arguments);

    public Ended RunWith(string input, params string[] arguments) => RunWith(Encoding.UTF8.GetBytes(input), arguments);

    public Ended RunWith(byte[] input, params string[] arguments)
    {
        using var running = Start(arguments);
        running.Send(input);
        return running.End();
    }

    public Running Start(params string[] arguments) => new(Information([.. arguments]));

    public Running StartWith(string variable, string value, params string[] arguments) => StartWith([(variable, value)], arguments);

    public Running StartWith((string Name, string Value)[] variables, params string[] arguments)
    {
        var start = Information([.. arguments]);
        foreach (var (name, value) in variables) start.Environment[name] = value;
        return new Running(start);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private ProcessStartInfo Information(List<string> arguments)
    {
        var start = ProgramUnderTest.Start(arguments);
        start.WorkingDirectory = Folder;
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.StandardOutputEncoding = start.StandardErrorEncoding = Encoding.UTF8;
        foreach (var name in (string[])["NO_COLOR", "TOCSIN_CONFIG", "TERM"]) start.Environment.Remove(name);
        return start;
    }
}

/// <summary>A run under way: what it says is gathered as it comes.</summary>
internal sealed class Running : IDisposable
{
    private const int Interrupt = 2;
    private readonly Process process;
    private readonly Gathered output;
    private readonly Gathered error;
    private IOException? inputLost;

    public Running(ProcessStartInfo start)
    {
        process = Process.Start(start)!;
        output = new Gathered(process.StandardOutput);
        error = new Gathered(process.StandardError);
    }

    public string Error => error.Text;

    public string Said => output.Text;

    public void Send(string text) => Send(Encoding.UTF8.GetBytes(text));

    public void Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            process.StandardInput.BaseStream.Write(bytes);
            process.StandardInput.BaseStream.Flush();
        }
        catch (IOException e)
        {
            // It ended before it read everything; how it ended is what the test looks at.
            inputLost = e;
        }
    }

    /// <summary>Waits until the words stand in what it said, on either channel.</summary>
    public void Await(string words)
    {
        var clock = Stopwatch.StartNew();
        while (!output.Text.Contains(words, StringComparison.Ordinal) && !error.Text.Contains(words, StringComparison.Ordinal))
        {
            if (clock.Elapsed > Workplace.Deadline || (process.HasExited && output.IsWhole && error.IsWhole && !output.Text.Contains(words, StringComparison.Ordinal) && !error.Text.Contains(words, StringComparison.Ordinal)))
                Assert.Fail($"\"{words}\" never came. Said was:\n{output.Text}\n{error.Text}");
            Gathered.Wait(output);
        }
    }

    /// <summary>As Ctrl-C does.</summary>
    public Ended Stop()
    {
        Assert.Equal(0, Kill(process.Id, Interrupt));
        return Wait();
    }

    /// <summary>Ends the input and waits for the end.</summary>
    public Ended End()
    {
        try
        {
            process.StandardInput.Close();
        }
        catch (IOException e)
        {
            inputLost = e;
        }
        return Wait();
    }

    /// <summary>Peak resident memory so far in megabytes.</summary>
    public double PeakMegabytes()
    {
        var line = File.ReadLines($"/proc/{process.Id}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Replace("VmHWM:", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) / 1024;
    }

    public void CloseOutput() => process.StandardOutput.BaseStream.Dispose();

    public void Dispose()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.Dispose();
    }

    private Ended Wait()
    {
        if (!process.WaitForExit(Workplace.Deadline)) Assert.Fail($"It did not end. {inputLost?.Message} Said was:\n{output.Text}\n{error.Text}");
        output.Join();
        error.Join();
        return new Ended(process.ExitCode, output.Text, error.Text);
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);

    /// <summary>Text read by a thread of its own, so that neither channel ever blocks the program.</summary>
    private sealed class Gathered
    {
        private readonly StringBuilder text = new();
        private readonly Thread reader;

        public Gathered(StreamReader stream)
        {
            reader = new Thread(() => Read(stream)) { IsBackground = true };
            reader.Start();
        }

        public string Text
        {
            get
            {
                lock (text) return text.ToString();
            }
        }

        public bool IsWhole => !reader.IsAlive;

        public static void Wait(Gathered gathered)
        {
            lock (gathered.text) Monitor.Wait(gathered.text, TimeSpan.FromMilliseconds(50));
        }

        public void Join() => reader.Join(Workplace.Deadline);

        private void Read(StreamReader stream)
        {
            var buffer = new char[4096];
            try
            {
                for (int read; (read = stream.Read(buffer)) > 0;)
                {
                    lock (text)
                    {
                        text.Append(buffer, 0, read);
                        Monitor.PulseAll(text);
                    }
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // The test closed the pipe, or the process went away with it.
                lock (text) Monitor.PulseAll(text);
            }
        }
    }
}
