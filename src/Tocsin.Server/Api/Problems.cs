using Microsoft.AspNetCore.Http;

namespace Tocsin.Server.Api;

/// <summary>Whatever goes wrong is told as application/problem+json, with a reason that helps.</summary>
public static class Problems
{
    public static IResult Of(int status, string why) => Results.Problem(detail: why, statusCode: status);

    public static IResult Bad(string why) => Of(400, why);

    public static IResult NotFound(string why) => Of(404, why);

    public static IResult Refused(string why) => Of(409, why);
}
