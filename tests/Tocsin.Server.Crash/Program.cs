using Microsoft.Extensions.Logging;
using Tocsin.Server;
using Tocsin.Server.Crash;

// A real server that kills itself with SIGKILL at a named step: FOLDER|CONNECTION REPOSITORY RECEIVER [STEP NUMBER]; its actions reach the lab of $TOCSIN_CRASH_LAB
var killer = args.Length > 3 ? new Killer(args[3], int.Parse(args[4], System.Globalization.CultureInfo.InvariantCulture)) : null;
using var http = new HttpClient();
var options = CrashActions.With(CrashOptions.For(args[0], args[1], new Receiver(http, new Uri(args[2]))), Environment.GetEnvironmentVariable("TOCSIN_CRASH_LAB")) with { Step = step => killer?.At(step) };
using var logging = LoggerFactory.Create(b => b.SetMinimumLevel(LogLevel.None));
await using var host = await ServerHost.StartAsync(options, logging, CancellationToken.None);
Console.WriteLine(host.Invitation ?? host.Address);
await Console.Out.FlushAsync();
await host.WaitAsync(CancellationToken.None);
